//! Pure: Aliyun's signature of version 3 (ACS3-HMAC-SHA256) over a request without a body.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;

/// SHA-256 of nothing: the body is empty, every parameter stands in the query.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What is asked, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Host, with the port when it is not the usual one.
    pub host: &'a str,
    /// Name of the API.
    pub action: &'a str,
    /// Its version.
    pub version: &'a str,
    /// `2023-10-26T10:22:32Z`.
    pub date: &'a str,
    /// Never used before.
    pub nonce: &'a str,
}

/// Parameters as they stand in the query, sorted and encoded as RFC 3986 has it.
pub(super) fn query(parameters: &BTreeMap<&str, &str>) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// The headers of a signed POST of a query.
pub(super) fn headers(
    ask: Ask<'_>,
    query: &str,
    key_id: &str,
    key_secret: &str,
) -> Vec<(&'static str, String)> {
    let signed = [
        ("host", ask.host),
        ("x-acs-action", ask.action),
        ("x-acs-content-sha256", EMPTY_SHA256),
        ("x-acs-date", ask.date),
        ("x-acs-signature-nonce", ask.nonce),
        ("x-acs-version", ask.version),
    ];
    let names = signed.map(|(name, _value)| name).join(";");
    let lines: String = signed.iter().fold(String::new(), |mut lines, (name, value)| {
        // Writing to a text never fails.
        let _written = writeln!(lines, "{name}:{value}");
        lines
    });
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{EMPTY_SHA256}");
    let hashed = hex::encode(digest(&SHA256, canonical.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, key_secret.as_bytes());
    let signature = hex::encode(hmac::sign(&key, format!("{ALGORITHM}\n{hashed}").as_bytes()));
    let authorization =
        format!("{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}");
    signed
        .into_iter()
        .filter(|(name, _value)| *name != "host")
        .map(|(name, value)| (name, value.to_owned()))
        .chain([("authorization", authorization)])
        .collect()
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _written = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of Aliyun's documentation of the signature.
    #[test]
    fn the_published_example() {
        let parameters = BTreeMap::from([
            ("RegionId", "cn-shanghai"),
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
        ]);
        let query = query(&parameters);
        assert_eq!(query, "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai");
        let ask = Ask {
            host: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            date: "2023-10-26T10:22:32Z",
            nonce: "3156853299f313e23d1673dc12e1703d",
        };
        let headers = headers(ask, &query, "YourAccessKeyId", "YourAccessKeySecret");
        let authorization = headers.iter().find(|(name, _value)| *name == "authorization").unwrap();
        assert_eq!(
            authorization.1,
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,\
             SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,\
             Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn everything_but_the_unreserved_is_encoded() {
        assert_eq!(encode("a-Z_0.~"), "a-Z_0.~");
        assert_eq!(encode("{\"code\":\"1 2*\"}"), "%7B%22code%22%3A%221%202%2A%22%7D");
        assert_eq!(encode("阿里"), "%E9%98%BF%E9%87%8C");
    }
}
