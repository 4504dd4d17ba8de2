//! An HTTP answer and its envelope, with the checks tests need.
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::SimError;

/// `{success, code, message, data, error, requestId}`; absent fields are empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Envelope {
    pub success: bool,
    pub code: i64,
    pub message: String,
    pub data: Value,
    pub error: Option<String>,
    pub request_id: Option<String>,
}

/// Status, headers and body of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub envelope: Envelope,
    /// Lower-case names; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// From sending the request to the last byte of the answer.
    pub took: Duration,
}

impl Answer {
    /// Whether the status is 2xx and the envelope does not say the opposite.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status) && (self.envelope.success || self.envelope.error.is_none())
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// `Retry-After` in seconds, from the header or `data.retryAfter`.
    pub fn retry_after(&self) -> Option<u64> {
        let header = self.header("retry-after").and_then(|value| value.parse().ok());
        header.or_else(|| self.envelope.data.get("retryAfter").and_then(Value::as_u64))
    }

    /// Insists on a status.
    pub fn expect_status(self, status: u16) -> Result<Self, SimError> {
        if self.status == status { Ok(self) } else { Err(self.unexpected(format!("status {status}"))) }
    }

    /// Insists on 2xx.
    pub fn expect_ok(self) -> Result<Self, SimError> {
        if self.is_ok() { Ok(self) } else { Err(self.unexpected("success".into())) }
    }

    /// Insists on a status together with a stable error name.
    pub fn expect_error(self, status: u16, error: &str) -> Result<Self, SimError> {
        if self.status == status && self.envelope.error.as_deref() == Some(error) {
            Ok(self)
        } else {
            Err(self.unexpected(format!("status {status} with error {error}")))
        }
    }

    /// `data` as a type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, SimError> {
        serde_json::from_value(self.envelope.data.clone())
            .map_err(|error| self.unexpected(format!("readable data ({error})")))
    }

    /// A string below `data`, by JSON pointer such as `/messageId`.
    pub fn text(&self, pointer: &str) -> Result<String, SimError> {
        let found = self.envelope.data.pointer(pointer).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| self.unexpected(format!("data{pointer} as a string")))
    }

    /// The whole body as JSON, `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    fn unexpected(&self, wanted: String) -> SimError {
        let body: String = self.body.chars().take(600).collect();
        SimError::Unexpected { wanted, got: format!("HTTP {} {body}", self.status) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            envelope: serde_json::from_str(body).unwrap_or_default(),
            headers: vec![("retry-after".into(), "7".into())],
            body: body.into(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn checks_name_what_came_instead() {
        let good = answer(200, r#"{"success":true,"code":0,"message":"success","data":{"messageId":"m"}}"#);
        assert_eq!(good.text("/messageId").unwrap(), "m");
        assert!(good.clone().expect_ok().is_ok() && good.clone().expect_status(200).is_ok());
        let error = good.expect_error(404, "robot_not_found").unwrap_err().to_string();
        assert!(error.contains("robot_not_found") && error.contains("HTTP 200"), "{error}");
        let bad =
            answer(429, r#"{"success":false,"code":429,"error":"rate_limited","data":null,"requestId":"r"}"#);
        assert_eq!((bad.retry_after(), bad.envelope.request_id.as_deref()), (Some(7), Some("r")));
        assert!(bad.expect_error(429, "rate_limited").is_ok());
    }
}
