//! The query of a WorkTool call, read as leniently as the original does: of a repeated parameter the first that says something
//! counts, blank ones are absent, unknown ones are ignored.
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use url::form_urlencoded;
use utoipa::IntoParams;

use super::refused::Refused;

#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
/// For the description only: what every call carries.
pub struct LinkParameters {
    /// Link id.
    #[param(rename = "robotId", example = "wt22phhjpt2xboerspxsote472xdnyq2")]
    pub robot_id: String,
    /// Robot key, when the robot asks for one; `robotKey` is understood, too.
    pub key: Option<String>,
}

#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
/// For the description only: which part of a list.
pub struct PageParameters {
    /// From 1.
    #[param(example = 1)]
    pub page: Option<i64>,
    /// Rows a page, at most 200.
    #[param(example = 10)]
    pub size: Option<i64>,
    /// `…,desc` or `…,asc`.
    #[param(example = "create_time,desc")]
    pub sort: Option<String>,
}

/// Longest value that is looked at, bytes.
const VALUE_BYTES: usize = 1_024;

/// The parameters of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string.
    pub fn read(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let said = pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).filter(
            |(_name, value)| !value.is_empty() && value.len() <= VALUE_BYTES && !value.contains('\0'),
        );
        Self(said.collect())
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _value)| known == name).map(|(_name, value)| value.as_str())
    }

    /// The link id.
    pub fn robot_id(&self) -> Option<&str> {
        self.get("robotId")
    }

    /// The robot key, under either of its names.
    pub fn key(&self) -> Option<&str> {
        self.get("key").or_else(|| self.get("robotKey"))
    }

    /// A whole number; what is none counts as absent.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }
}

impl FromRequest for Parameters {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::read(request.query_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_leniently() {
        let parameters =
            Parameters::read("robotId=&robotId=+wt1%20&robotId=wt2&robotKey=k&page=x&size=20&q=%00");
        assert_eq!((parameters.robot_id(), parameters.key()), (Some("wt1"), Some("k")));
        assert_eq!((parameters.number("page"), parameters.number("size")), (None, Some(20)));
        assert_eq!(parameters.get("q"), None);
        assert_eq!(Parameters::read("key=a&robotKey=b").key(), Some("a"));
        assert_eq!(Parameters::read("%ff=%fe&&=").robot_id(), None);
    }
}
