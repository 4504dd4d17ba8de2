//! `workbot openapi`: the description of the API.
use super::error::CliError;
use super::output;

/// Prints the OpenAPI document.
pub fn run() -> Result<(), CliError> {
    output::print_document(&crate::http::openapi::openapi())
}
