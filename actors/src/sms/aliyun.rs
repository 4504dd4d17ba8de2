//! Aliyun's short message service: one signed call a code.
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use workbot_schema::class::Class;

use super::SmsError;
use super::signature::{Ask, headers, query};
use crate::delivery::http_client::HttpClient;
use crate::kernel::Clock;

const ACTION: &str = "SendSms";
const VERSION: &str = "2017-05-25";
/// The whole call.
const BUDGET: Duration = Duration::from_secs(5);
/// Answers that say "later", not "never".
const BUSY: [&str; 3] = ["isv.BUSINESS_LIMIT_CONTROL", "Throttling.User", "isp.SYSTEM_ERROR"];

/// What Aliyun knows us by.
#[derive(Clone)]
pub struct AliyunKeys {
    /// Where it is called, such as `https://dysmsapi.aliyuncs.com`.
    pub endpoint: String,
    /// Access key id.
    pub key_id: String,
    /// Access key secret.
    pub key_secret: String,
    /// Registered signature.
    pub sign_name: String,
    /// Registered template; its variable is `code`.
    pub template_code: String,
}

impl std::fmt::Debug for AliyunKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AliyunKeys").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// The way to Aliyun.
#[derive(Clone)]
pub struct AliyunSender {
    http: HttpClient,
    clock: Clock,
    keys: AliyunKeys,
    host: String,
}

/// What Aliyun answers, also when it refuses.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(rename = "Code", default)]
    code: String,
}

impl AliyunSender {
    /// A sender; none when the endpoint is no address.
    pub fn new(http: HttpClient, clock: Clock, keys: AliyunKeys) -> Option<Self> {
        let url = url::Url::parse(&keys.endpoint).ok()?;
        let host = match (url.host_str()?, url.port()) {
            (host, None) => host.to_owned(),
            (host, Some(port)) => format!("{host}:{port}"),
        };
        Some(Self { http, clock, keys, host })
    }

    pub(super) async fn send(&self, phone: &str, code: &str) -> Result<(), SmsError> {
        let template = json!({ "code": code }).to_string();
        let query = query(&BTreeMap::from([
            ("PhoneNumbers", phone),
            ("SignName", &self.keys.sign_name),
            ("TemplateCode", &self.keys.template_code),
            ("TemplateParam", &template),
        ]));
        let date = self.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let nonce = Uuid::new_v4().simple().to_string();
        let ask = Ask { host: &self.host, action: ACTION, version: VERSION, date: &date, nonce: &nonce };
        let headers = headers(ask, &query, &self.keys.key_id, &self.keys.key_secret);
        let url = format!("{}/?{query}", self.keys.endpoint.trim_end_matches('/'));
        let outcome = self.http.post(&url, &headers, Bytes::new(), BUDGET).await;
        let answer = match outcome.result {
            Ok(answer) => answer,
            Err(error) if error.class() == Class::Transient => {
                return Err(SmsError::Unavailable(error.to_string()));
            }
            Err(error) => return Err(SmsError::Refused(error.to_string())),
        };
        let said = serde_json::from_slice::<Answer>(&answer.body).map(|said| said.code).unwrap_or_default();
        // Its own words may repeat the number; the code of the answer says enough.
        let told = format!("{} {said}", answer.status);
        match (answer.status, said.as_str()) {
            (200, "OK") => Ok(()),
            (500.., _) => Err(SmsError::Unavailable(told)),
            (_, said) if BUSY.contains(&said) => Err(SmsError::Unavailable(told)),
            _ => Err(SmsError::Refused(told)),
        }
    }
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{header, header_exists, method, query_param};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::delivery::address_policy::AddressPolicy;

    fn sender(endpoint: &str) -> AliyunSender {
        let http = HttpClient::new(AddressPolicy { allow_private: true }).unwrap();
        let keys = AliyunKeys {
            endpoint: endpoint.to_owned(),
            key_id: "id".to_owned(),
            key_secret: "secret".to_owned(),
            sign_name: "工作助手".to_owned(),
            template_code: "SMS_1".to_owned(),
        };
        AliyunSender::new(http, Clock::system(), keys).unwrap()
    }

    #[tokio::test]
    async fn a_code_goes_out_signed_and_answers_are_understood() {
        for (status, body, wanted) in [
            (200, json!({"Code": "OK", "Message": "OK"}), None),
            (200, json!({"Code": "isv.BUSINESS_LIMIT_CONTROL"}), Some(Class::Transient)),
            (200, json!({"Code": "isv.SMS_SIGNATURE_ILLEGAL"}), Some(Class::Permanent)),
            (403, json!({"Code": "SignatureDoesNotMatch"}), Some(Class::Permanent)),
            (503, json!({}), Some(Class::Transient)),
        ] {
            let server = MockServer::start().await;
            Mock::given(method("POST"))
                .and(query_param("PhoneNumbers", "13800000001"))
                .and(query_param("SignName", "工作助手"))
                .and(query_param("TemplateCode", "SMS_1"))
                .and(query_param("TemplateParam", "{\"code\":\"123456\"}"))
                .and(header("x-acs-action", "SendSms"))
                .and(header("x-acs-version", "2017-05-25"))
                .and(header_exists("authorization"))
                .respond_with(ResponseTemplate::new(status).set_body_json(&body))
                .expect(1)
                .mount(&server)
                .await;
            let sent = sender(&server.uri()).send("13800000001", "123456").await;
            assert_eq!(sent.as_ref().err().map(SmsError::class), wanted, "{status} {body}: {sent:?}");
            assert!(!format!("{sent:?}").contains("123456"));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let keys = sender("https://dysmsapi.aliyuncs.com").keys;
        assert!(!format!("{keys:?}").contains("secret"));
    }
}
