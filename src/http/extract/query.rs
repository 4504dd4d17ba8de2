//! The query string, with the wrong parameter named; and the paging every list takes.
use std::collections::HashSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::IntoParams;

use super::json::describe;
use crate::http::error::{ApiError, Fields};

/// Parameters of the query string. Unknown ones are ignored, repeated ones refused.
pub struct Query<T>(pub T);

/// Reads a query string.
pub fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let mut fields = Fields::new();
    let mut names = HashSet::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        fields.expect(
            !name.contains('\0') && !value.contains('\0'),
            &name.replace('\0', ""),
            "不能包含 U+0000 字符",
        );
        fields.expect(names.insert(name.clone().into_owned()), &name.replace('\0', ""), "参数重复");
    }
    fields.into_invalid()?;
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let (path, text) = describe(&error.path().to_string(), &error.inner().to_string());
        ApiError::field(path, text)
    })
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Self))
    }
}

/// Most rows a page holds.
pub const PAGE_MAX: i64 = 200;
const PAGE_SIZE: i64 = 20;
/// No list goes further than this: deep pages are for filters.
const OFFSET_MAX: i64 = 10_000_000;

#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// `page` from 1, `pageSize` 20 unless given, at most 200.
pub struct PagingQuery {
    /// Page, from 1.
    #[param(minimum = 1, example = 1)]
    pub page: Option<i64>,
    /// Rows a page; more than 200 are cut to 200 with a warning.
    #[param(minimum = 1, example = 20)]
    pub page_size: Option<i64>,
}

/// A checked page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Rows before the page.
    pub offset: i64,
    /// Rows of the page.
    pub limit: i64,
    is_cut: bool,
}

impl PagingQuery {
    /// Checks the numbers: 400 when one is below 1.
    pub fn check(self) -> Result<Paging, ApiError> {
        let (page, size) = (self.page.unwrap_or(1), self.page_size.unwrap_or(PAGE_SIZE));
        let mut fields = Fields::new();
        fields.expect(page >= 1, "page", "必须不小于 1");
        fields.expect(size >= 1, "pageSize", "必须不小于 1");
        let limit = size.clamp(1, PAGE_MAX);
        let offset = page.saturating_sub(1).saturating_mul(limit);
        fields.expect(offset <= OFFSET_MAX, "page", "页码过大，请使用筛选条件缩小范围");
        fields.into_invalid()?;
        Ok(Paging { offset, limit, is_cut: size > PAGE_MAX })
    }
}

impl Paging {
    /// What is said of a page that is smaller than asked.
    pub fn warnings(&self) -> Vec<String> {
        if self.is_cut {
            vec![format!("pageSize 最大为 {PAGE_MAX}，已按 {PAGE_MAX} 返回")]
        } else {
            Vec::new()
        }
    }
}

impl FromRequest for Paging {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(parse_query::<PagingQuery>(request.query_string()).and_then(PagingQuery::check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::extract::json::fields_of;

    #[test]
    fn pages_are_checked_and_cut() {
        let paging = |query: &str| parse_query::<PagingQuery>(query).and_then(PagingQuery::check);
        assert_eq!(paging("").unwrap(), Paging { offset: 0, limit: 20, is_cut: false });
        assert_eq!(
            paging("page=3&pageSize=50&x=1").unwrap(),
            Paging { offset: 100, limit: 50, is_cut: false }
        );
        assert_eq!(paging("pageSize=1000").unwrap().warnings().len(), 1);
        for (query, name) in [
            ("page=0", "page"),
            ("pageSize=-1", "pageSize"),
            ("page=x", "page"),
            ("page=1&page=2", "page"),
            ("page=9223372036854775807", "page"),
            ("q=%00", "q"),
        ] {
            assert!(fields_of(&paging(query).unwrap_err()).to_string().contains(name), "{query}");
        }
    }
}
