//! The OpenAPI document and the page that shows it, both from inside the program.
use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::http::envelope::JSON;
use crate::http::error::ApiResult;
use crate::http::openapi::openapi;

/// Where the document is.
pub const DOCUMENT: &str = "/api/openapi.json";

/// Gives out the document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "openapi_document",
    tag = "运维",
    summary = "OpenAPI 文档",
    responses((status = 200, description = "本文档", body = Object, example = json!({"openapi": "3.1.0"})))
)]
pub async fn document() -> ApiResult<HttpResponse> {
    let text = openapi().to_json()?;
    Ok(HttpResponse::Ok().content_type(JSON).body(text))
}

/// Leads to the page.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "api_docs",
    tag = "运维",
    summary = "接口文档页面",
    responses((status = 302, description = "转到 /api/docs/"))
)]
pub async fn docs() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/api/docs/")).finish()
}

/// The page, with everything it needs.
pub fn page() -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(Config::from(DOCUMENT).use_base_layout())
}
