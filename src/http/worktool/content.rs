//! The body of a WorkTool call or a webhook: JSON whatever its `Content-Type` says, or form-data where that is known to come.
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;
use url::form_urlencoded;

use super::multipart;
use super::refused::Refused;
use crate::http::error::{ApiError, ApiResult, BadRequest};
use crate::http::extract::body::read_bytes;
use crate::http::extract::json::{Nul, parse};
use crate::http::state::{AppState, Edge};

/// Parsing of a large body, waiting included.
const PARSING: Duration = Duration::from_secs(10);

/// A body, not yet judged. `LARGE`: it may be as large as a message.
pub struct Content<const LARGE: bool = false> {
    /// The exact bytes.
    pub bytes: Bytes,
    /// `Content-Type`, empty when there was none.
    pub content_type: String,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A body that may carry files.
pub type LargeContent = Content<true>;

impl<const LARGE: bool> Content<LARGE> {
    /// The body as JSON of this form.
    pub async fn json<T: DeserializeOwned + Send + 'static>(
        &self,
        state: &AppState,
        nul: Nul,
    ) -> ApiResult<T> {
        let input = self.bytes.clone();
        let parsed = state.offload.run_sized(input.len(), PARSING, move || parse::<T>(&input, nul)).await??;
        if parsed.is_mended {
            state.counters.mended_bodies.add(1);
        }
        Ok(parsed.value)
    }

    /// The body as a JSON list.
    pub fn list(&self) -> ApiResult<Vec<Value>> {
        serde_json::from_slice(&self.bytes).map_err(|error| match error.classify() {
            Category::Data => ApiError::field("body", "必须是一个 JSON 数组"),
            Category::Io | Category::Syntax | Category::Eof => {
                ApiError::Request(BadRequest::Json(format!("第 {} 行第 {} 列", error.line(), error.column())))
            }
        })
    }

    /// The fields of a JSON object, of a form or of form-data; U+0000 becomes U+FFFD.
    pub async fn fields(&self, state: &AppState) -> ApiResult<Map<String, Value>> {
        let kind = self.content_type.to_ascii_lowercase();
        if kind.starts_with("multipart/") {
            let boundary = multipart::boundary(&self.content_type);
            let parts = boundary.and_then(|boundary| multipart::parts(&self.bytes, boundary));
            let parts = parts.ok_or(ApiError::Request(BadRequest::Incomplete))?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Ok(parts.into_iter().map(|part| field(part.name, text(part.content))).collect());
        }
        if kind.starts_with("application/x-www-form-urlencoded") && !self.bytes.starts_with(b"{") {
            let pairs = form_urlencoded::parse(&self.bytes);
            return Ok(pairs.map(|(name, value)| field(name.into_owned(), value.into_owned())).collect());
        }
        self.json(state, Nul::Replace).await
    }
}

fn field(name: String, text: String) -> (String, Value) {
    (name, Value::String(text.replace('\0', "\u{fffd}")))
}

impl<const LARGE: bool> FromRequest for Content<LARGE> {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let edge = Edge::of(&request)?;
            let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
            if header(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
                return Err(ApiError::Request(BadRequest::MediaType).into());
            }
            let content_type = header(CONTENT_TYPE).unwrap_or_default().to_owned();
            let (bytes, permit) = read_bytes(&edge, &request, payload, LARGE).await?;
            Ok(Self { bytes, content_type, _permit: permit })
        })
    }
}
