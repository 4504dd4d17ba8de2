//! The frame around every request: its id, the gate, the body of a failure, security headers, counters, and the one log line.
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use log::Level;
use tokio::time::Instant;

use super::headers::secure;
use crate::http::envelope::{JSON, failure_body, failure_of_status};
use crate::http::error::{ApiError, ApiResult, Failure, Missing};
use crate::http::extract::RequestId;
use crate::http::extract::request_id::REQUEST_ID;
use crate::http::state::Edge;

/// The only path that is answered whatever happens.
const ALIVE: &str = "/healthz";

/// Wraps the whole application.
pub async fn frame<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let edge = Edge::of(request.request()).ok();
    let response = match edge.as_ref().map_or(Ok(()), |edge| admit(edge, &request)) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(error) => request.into_response(error.error_response()),
    };
    Ok(finish(response, &id, edge.as_ref(), started.elapsed()))
}

fn admit(edge: &Edge, request: &ServiceRequest) -> ApiResult<()> {
    if request.path() == ALIVE {
        return Ok(());
    }
    edge.gate().pass().inspect_err(|_closed| edge.counters().gated.add(1))?;
    // No path of ours has it, and PostgreSQL refuses it in a text.
    if request.uri().path().contains("%00") {
        return Err(ApiError::NotFound(Missing::Route));
    }
    Ok(())
}

fn finish(
    response: ServiceResponse<BoxBody>,
    id: &RequestId,
    edge: Option<&Edge>,
    duration: Duration,
) -> ServiceResponse<BoxBody> {
    let (request, mut response) = response.into_parts();
    let status = response.status();
    let mut failure = response.extensions_mut().remove::<Failure>();
    if failure.is_none() && (status.is_client_error() || status.is_server_error()) && !is_json(&response) {
        failure = Some(failure_of_status(status));
    }
    let mut response = match &failure {
        None => response,
        Some(failure) => {
            let body = failure_body(failure, id.as_str());
            let mut response = response.set_body(BoxBody::new(body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
            response
        }
    };
    if status != StatusCode::SWITCHING_PROTOCOLS {
        secure(response.headers_mut(), request.path());
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(edge) = edge {
        let counters = edge.counters();
        match status.as_u16() {
            0..400 => counters.succeeded.add(1),
            400..500 => counters.refused.add(1),
            _ => counters.failed.add(1),
        }
        if let Some(limited) = failure.as_ref().and_then(|failure| failure.limited) {
            counters.limited(limited);
        }
        counters.duration_us.add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }
    log_line(&request, status, duration, id, failure.as_ref().and_then(|failure| failure.cause.as_deref()));
    ServiceResponse::new(request, response)
}

/// A handler with a body of its own (the WorkTool routes) keeps it.
fn is_json(response: &HttpResponse<BoxBody>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// One line a request: the pattern of its route, never a path (link ids are secrets) or a query.
fn log_line(
    request: &HttpRequest,
    status: StatusCode,
    duration: Duration,
    id: &RequestId,
    cause: Option<&str>,
) {
    let status = status.as_u16();
    // What the closed gate and everyday answers have to say is for those who look closely.
    let level = match (status, cause) {
        (0..500, _) | (503, Some("starting" | "draining")) => Level::Debug,
        (503, _) => Level::Warn,
        _ => Level::Error,
    };
    if !log::log_enabled!(level) {
        return;
    }
    let pattern = request.match_pattern();
    log::log!(
        level,
        request = id.as_str(), method = request.method().as_str(), route = pattern.as_deref().unwrap_or("unknown"),
        status = status, duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), cause = cause.unwrap_or("");
        "request answered"
    );
}
