use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{body_bytes, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::delivery::address_range::AddressKind;

const BUDGET: Duration = Duration::from_secs(3);

fn strict() -> HttpClient {
    HttpClient::with_lookup(AddressPolicy { allow_private: false }, loopback_lookup).unwrap()
}

fn open() -> HttpClient {
    HttpClient::new(AddressPolicy { allow_private: true }).unwrap()
}

/// A public name that points to this machine.
fn loopback_lookup(_name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
}

fn metadata_lookup(_name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254))]) })
}

/// A server that sends `start` to whoever connects and then keeps the connection open.
async fn stalling_server(start: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let read = stream.read(&mut head).await.unwrap();
            assert!(read > 0);
            stream.write_all(start).await.unwrap();
            kept.push(stream);
        }
    });
    address
}

#[tokio::test]
async fn a_post_carries_body_headers_and_name_and_brings_the_answer() {
    let server = MockServer::start().await;
    let version = concat!("WorkBot/", env!("CARGO_PKG_VERSION"));
    Mock::given(method("POST"))
        .and(path("/callback"))
        .and(header("user-agent", version))
        .and(header("content-type", "application/json"))
        .and(header("x-robot-id", "robot_1"))
        .and(body_bytes(r#"{"spoken":"你好"}"#))
        .respond_with(ResponseTemplate::new(200).set_body_raw(r#"{"code":0}"#, "application/json"))
        .expect(2)
        .mount(&server)
        .await;
    let headers = [("content-type", "application/json".to_owned()), ("X-Robot-Id", "robot_1".to_owned())];
    let body = Bytes::from_static(r#"{"spoken":"你好"}"#.as_bytes());
    let port = server.address().port();
    // By literal address and by name through the real resolver.
    for url in [format!("http://127.0.0.1:{port}/callback"), format!("http://localhost:{port}/callback")] {
        let outcome = open().post(&url, &headers, body.clone(), BUDGET).await;
        let answer = outcome.result.as_ref().unwrap();
        assert_eq!((answer.status, answer.is_cut), (200, false));
        assert_eq!(answer.content_type.as_deref(), Some("application/json"));
        assert_eq!(outcome.body(), br#"{"code":0}"#);
        assert_eq!((outcome.status(), outcome.class(), outcome.error_text()), (Some(200), None, None));
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(302).insert_header("location", "/elsewhere");
    Mock::given(method("GET")).and(path("/start")).respond_with(answer).expect(1).mount(&server).await;
    Mock::given(path("/elsewhere")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let outcome = open().get(&format!("{}/start", server.uri()), &[], BUDGET).await;
    assert_eq!(outcome.status(), Some(302));
}

#[tokio::test]
async fn a_body_is_read_to_the_limit_and_no_further() {
    let server = MockServer::start().await;
    for (name, length) in [("/fits", BODY_LIMIT_BYTES), ("/long", 4 * 1024 * 1024)] {
        let answer = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; length]);
        Mock::given(path(name)).respond_with(answer).mount(&server).await;
    }
    for (name, is_cut) in [("/fits", false), ("/long", true)] {
        let outcome = open().get(&format!("{}{name}", server.uri()), &[], BUDGET).await;
        let answer = outcome.result.unwrap();
        assert_eq!((answer.body.len(), answer.is_cut), (BODY_LIMIT_BYTES, is_cut), "{name}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_limit() {
    let start = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[b'x'; BODY_LIMIT_BYTES + 1]].concat();
    let address = stalling_server(start.leak()).await;
    let outcome = open().get(&format!("http://{address}/"), &[], BUDGET).await;
    assert!(outcome.result.unwrap().is_cut);
}

#[tokio::test]
async fn the_budget_covers_head_and_body() {
    let budget = Duration::from_millis(150);
    let silent: &[u8] = b"";
    let half: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"cod";
    for start in [silent, half] {
        let address = stalling_server(start).await;
        let outcome = open().get(&format!("http://{address}/"), &[], budget).await;
        assert_eq!(outcome.result, Err(CallError::TimedOut { budget_ms: 150 }));
        assert_eq!(outcome.class(), Some(Class::Transient));
        assert!(outcome.duration_ms >= 150);
    }
}

#[tokio::test]
async fn a_public_name_that_points_inside_is_refused_at_connect_time() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let url = format!("http://callback.example.com:{}/", server.address().port());
    let outcome = strict().post(&url, &[], Bytes::new(), BUDGET).await;
    let refused =
        AddressError::Address { address: IpAddr::V4(Ipv4Addr::LOCALHOST), kind: AddressKind::Loopback };
    assert_eq!(outcome.result, Err(CallError::Address(refused)));
    assert_eq!(outcome.class(), Some(Class::Caller));
}

#[tokio::test]
async fn a_name_is_connected_where_the_resolver_says_when_private_addresses_are_allowed() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    let url = format!("http://callback.example.com:{}/", server.address().port());
    let policy = AddressPolicy { allow_private: true };
    let outcome = HttpClient::with_lookup(policy, loopback_lookup).unwrap().get(&url, &[], BUDGET).await;
    assert_eq!(outcome.status(), Some(204));
    let outcome = HttpClient::with_lookup(policy, metadata_lookup).unwrap().get(&url, &[], BUDGET).await;
    assert!(matches!(
        outcome.result,
        Err(CallError::Address(AddressError::Address { kind: AddressKind::Metadata, .. }))
    ));
}

#[tokio::test]
async fn literal_addresses_are_refused_before_the_call() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let port = server.address().port();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"] {
        let outcome = strict().get(&format!("http://{host}:{port}/"), &[], BUDGET).await;
        assert!(matches!(outcome.result, Err(CallError::Address(_))), "{host}");
    }
}

#[tokio::test]
async fn failures_have_a_class_and_a_text_without_the_url() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let outcome = open().get(&format!("http://{closed}/?key=secret"), &[], BUDGET).await;
    assert!(matches!(outcome.result, Err(CallError::Connect(_))), "{outcome:?}");
    assert_eq!(outcome.class(), Some(Class::Transient));
    assert!(!outcome.error_text().unwrap().contains("secret"));

    let chatter = stalling_server(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    let outcome = open().get(&format!("http://{chatter}/?key=secret"), &[], BUDGET).await;
    assert!(matches!(outcome.result, Err(CallError::Transport(_))), "{outcome:?}");
    assert!(!outcome.error_text().unwrap().contains("secret"));

    let headers = [("x-robot-id", "a\r\nb: c".to_owned())];
    let outcome = open().get(&format!("http://{chatter}/"), &headers, BUDGET).await;
    assert_eq!(outcome.result, Err(CallError::Header { name: "x-robot-id".to_owned() }));
    assert_eq!(outcome.class(), Some(Class::Bug));
}

#[test]
fn only_allowed_addresses_of_a_name_are_used() {
    let resolver = PolicyResolver { policy: AddressPolicy { allow_private: false }, lookup: system_lookup };
    let [public, private]: [IpAddr; 2] = ["93.184.216.34".parse().unwrap(), "10.0.0.1".parse().unwrap()];
    assert_eq!(resolver.filter(vec![private, public]).unwrap(), [public]);
    assert!(resolver.filter(vec![private]).unwrap_err().downcast::<AddressError>().is_ok());
    assert!(resolver.filter(Vec::new()).unwrap_err().downcast::<io::Error>().is_ok());
}

#[test]
fn the_built_in_certificates_make_a_client() {
    let policy = AddressPolicy::default();
    let built = builder(policy, system_lookup).tls_backend_preconfigured(built_in_tls().unwrap()).build();
    assert!(built.is_ok());
}
