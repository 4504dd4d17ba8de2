use actix_web::body::to_bytes;
use actix_web::test::TestRequest;

use super::*;

fn embedded(text: &'static [u8]) -> EmbeddedFile {
    EmbeddedFile {
        data: Cow::Borrowed(text),
        metadata: rust_embed::Metadata::__rust_embed_new([7; 32], None, None),
    }
}

#[test]
fn an_encoding_must_be_named_and_wanted() {
    assert!(accepts("gzip, deflate, br", "br") && accepts("br;q=0.5", "br") && accepts("gzip", "gzip"));
    assert!(
        !accepts("", "br")
            && !accepts("gzip", "br")
            && !accepts("br;q=0, gzip", "br")
            && !accepts("brx", "br")
    );
}

#[actix_web::test]
async fn files_carry_a_tag_a_policy_and_how_long_they_may_be_kept() {
    let request = TestRequest::get().to_http_request();
    let asset = file("assets/page-1a2b.js", embedded(b"1"), request.headers());
    assert_eq!(asset.headers().get(CACHE_CONTROL).unwrap(), "public, max-age=31536000, immutable");
    assert_eq!(asset.headers().get(CONTENT_TYPE).unwrap(), "text/javascript; charset=utf-8");
    let index = file(INDEX, embedded(b"<html>"), request.headers());
    assert_eq!(index.headers().get(CACHE_CONTROL).unwrap(), "no-cache");
    assert!(
        index
            .headers()
            .get(CONTENT_SECURITY_POLICY)
            .unwrap()
            .to_str()
            .unwrap()
            .contains("frame-ancestors 'none'")
    );
    let tag = index.headers().get(ETAG).unwrap().clone();
    let again = TestRequest::get().insert_header((IF_NONE_MATCH, tag)).to_http_request();
    let known = file(INDEX, embedded(b"<html>"), again.headers());
    assert_eq!(known.status(), 304);
    assert_eq!(to_bytes(known.into_body()).await.unwrap().len(), 0);
}

#[actix_web::test]
async fn what_belongs_to_the_api_is_never_a_page() {
    for path in
        ["/api/nowhere", "/ws/nowhere", "/wework/nowhere", "/robot", "/assets/nowhere.js", "/metrics/x"]
    {
        let answer = elsewhere(TestRequest::get().uri(path).to_http_request()).await;
        assert!(matches!(answer, Err(ApiError::NotFound(Missing::Route))), "{path}");
    }
    let written = elsewhere(TestRequest::post().uri("/monitor/business").to_http_request()).await;
    assert!(matches!(written, Err(ApiError::NotFound(Missing::Route))));
}

#[actix_web::test]
async fn a_path_of_the_console_is_its_page_when_it_was_built() {
    let answer = elsewhere(TestRequest::get().uri("/monitor/business").to_http_request()).await;
    match Files::get(INDEX) {
        Some(_index) => {
            assert_eq!(answer.unwrap().headers().get(CONTENT_TYPE).unwrap(), "text/html; charset=utf-8")
        }
        None => assert!(matches!(answer, Err(ApiError::NotFound(Missing::Route)))),
    }
    let page = page(TestRequest::get().uri("/").to_http_request()).await;
    assert_eq!(page.status(), 200);
}
