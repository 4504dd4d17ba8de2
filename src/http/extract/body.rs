//! A JSON body: of the right type, in size, in time, and then parsed; large ones away from the worker.
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use super::json::{Nul, parse};
use crate::http::error::{ApiError, ApiResult, BadRequest};
use crate::http::state::Edge;

/// What kind of body a route takes.
pub trait BodyKind: 'static {
    /// Whether it may be as large as a message (`limits.message_body_bytes`), else `limits.body_bytes`.
    const IS_LARGE: bool;
    /// What is done with U+0000.
    const NUL: Nul;
}

/// Bodies of programs: 1 MiB.
pub struct Api;
/// Messages of programs: 16 MiB.
pub struct Message;
/// What phones and webhooks send: 16 MiB, U+0000 becomes U+FFFD.
pub struct Phone;

impl BodyKind for Api {
    const IS_LARGE: bool = false;
    const NUL: Nul = Nul::Refuse;
}

impl BodyKind for Message {
    const IS_LARGE: bool = true;
    const NUL: Nul = Nul::Refuse;
}

impl BodyKind for Phone {
    const IS_LARGE: bool = true;
    const NUL: Nul = Nul::Replace;
}

/// A parsed body and the bytes it came as.
pub struct Body<T, K: BodyKind = Api> {
    /// The value.
    pub value: T,
    /// The exact bytes, for hashes and signatures.
    pub bytes: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
    _kind: PhantomData<K>,
}

/// A body of a message route.
pub type MessageBody<T> = Body<T, Message>;
/// A body from a phone or a webhook.
pub type PhoneBody<T> = Body<T, Phone>;

/// A small body must be here by then; a large one gets four times as long.
const ARRIVAL: Duration = Duration::from_secs(15);
/// Parsing of a large body, waiting included.
const PARSING: Duration = Duration::from_secs(10);

impl<T: DeserializeOwned + Send + 'static, K: BodyKind> FromRequest for Body<T, K> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let edge = Edge::of(&request)?;
            check_type(&request)?;
            let (bytes, permit) = read_bytes(&edge, &request, payload, K::IS_LARGE).await?;
            let state = edge.state()?;
            let input = bytes.clone();
            let parsed =
                state.offload.run_sized(bytes.len(), PARSING, move || parse::<T>(&input, K::NUL)).await??;
            if parsed.is_mended {
                edge.counters().mended_bodies.add(1);
            }
            Ok(Self { value: parsed.value, bytes, _permit: permit, _kind: PhantomData })
        })
    }
}

/// The bytes of a body, within its limit and in time, and its place in the memory of all bodies.
pub async fn read_bytes(
    edge: &Edge,
    request: &HttpRequest,
    payload: Payload,
    is_large: bool,
) -> ApiResult<(Bytes, Option<OwnedSemaphorePermit>)> {
    let limits = &edge.settings().limits;
    let limit = if is_large { limits.message_body_bytes } else { limits.body_bytes };
    let declared = declared_length(request.headers());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(ApiError::Request(BadRequest::TooLarge { limit_bytes: limit }));
    }
    let permit = edge.body_memory().reserve(declared.unwrap_or(limit))?;
    let arrival = if is_large { ARRIVAL * 4 } else { ARRIVAL };
    let bytes = tokio::time::timeout(arrival, collect(payload, limit))
        .await
        .map_err(|_elapsed| ApiError::Request(BadRequest::Slow))??;
    Ok((bytes, permit))
}

async fn collect(mut payload: Payload, limit: usize) -> ApiResult<Bytes> {
    let mut whole = BytesMut::new();
    let mut first = Bytes::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| read_error(&error, limit))?;
        if first.len() + whole.len() + chunk.len() > limit {
            return Err(ApiError::Request(BadRequest::TooLarge { limit_bytes: limit }));
        }
        if first.is_empty() && whole.is_empty() {
            first = chunk;
            continue;
        }
        if whole.is_empty() {
            whole.extend_from_slice(&first);
            first = Bytes::new();
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

fn read_error(error: &PayloadError, limit: usize) -> ApiError {
    match error {
        PayloadError::Overflow => ApiError::Request(BadRequest::TooLarge { limit_bytes: limit }),
        PayloadError::EncodingCorrupted => ApiError::Request(BadRequest::MediaType),
        _ => ApiError::Request(BadRequest::Incomplete),
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok())
}

/// `application/json` or `…+json`, UTF-8, not compressed.
pub fn check_type(request: &HttpRequest) -> ApiResult<()> {
    let essence = request.content_type().to_ascii_lowercase();
    let is_json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let is_utf8 = request
        .mime_type()
        .ok()
        .flatten()
        .and_then(|mime| {
            mime.get_param("charset").map(|charset| charset.as_ref().eq_ignore_ascii_case("utf-8"))
        })
        .unwrap_or(true);
    let is_plain = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_json && is_utf8 && is_plain { Ok(()) } else { Err(ApiError::Request(BadRequest::MediaType)) }
}
