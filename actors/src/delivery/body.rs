//! Pure: the bytes of a callback: the stored text with its picture put in, as JSON or as form-data.
use serde_json::{Map, Value};

/// Name of the picture's field.
const FILE_FIELD: &str = "fileBase64";

/// Content of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Value of `Content-Type`.
    pub content_type: String,
    /// The exact bytes to sign and send.
    pub bytes: Vec<u8>,
}

impl Body {
    /// The stored JSON object with the picture as its last field; every other byte as stored.
    pub fn json(stored: &str, file_base64: Option<&str>) -> Self {
        let mut text = stored.to_owned();
        if let (Some(file), Some(open)) = (file_base64, stored.trim_end().strip_suffix('}')) {
            let open = open.trim_end();
            let separator = if open.ends_with('{') { "" } else { "," };
            // Base64 needs no escaping.
            text = format!("{open}{separator}\"{FILE_FIELD}\":\"{file}\"}}");
        }
        Self { content_type: "application/json".to_owned(), bytes: text.into_bytes() }
    }

    /// The same fields as multipart/form-data (RFC 7578), parted by a boundary made of `seed`; JSON when the stored text is no
    /// object.
    pub fn form(stored: &str, file_base64: Option<&str>, seed: &str) -> Self {
        let Ok(fields) = serde_json::from_str::<Map<String, Value>>(stored) else {
            return Self::json(stored, file_base64);
        };
        let fields: Vec<(String, String)> = fields
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name, text),
                Value::Null => (name, String::new()),
                other => (name, other.to_string()),
            })
            .chain(file_base64.map(|file| (FILE_FIELD.to_owned(), file.to_owned())))
            .collect();
        let mut boundary = format!("workbot-{}", letters(seed));
        while fields.iter().any(|(name, value)| name.contains(&boundary) || value.contains(&boundary)) {
            boundary.push('x');
        }
        let mut text = String::new();
        for (name, value) in &fields {
            let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            text.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        text.push_str(&format!("--{boundary}--\r\n"));
        Self { content_type: format!("multipart/form-data; boundary={boundary}"), bytes: text.into_bytes() }
    }
}

/// At most 40 characters a boundary may have, so that it stays below 70 with its prefix.
fn letters(seed: &str) -> String {
    seed.chars().filter(char::is_ascii_alphanumeric).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &Body) -> &str {
        std::str::from_utf8(&body.bytes).unwrap()
    }

    #[test]
    fn json_keeps_the_stored_bytes() {
        let table = [
            (r#"{"a": 1 , "b":"你好"}"#, None, r#"{"a": 1 , "b":"你好"}"#),
            (r#"{"a":1}"#, Some("QUI="), r#"{"a":1,"fileBase64":"QUI="}"#),
            ("{\"a\":{}}\n", Some("QUI="), r#"{"a":{},"fileBase64":"QUI="}"#),
            ("{ }", Some("QUI="), r#"{"fileBase64":"QUI="}"#),
            ("[1]", Some("QUI="), "[1]"),
        ];
        for (stored, file, expected) in table {
            let body = Body::json(stored, file);
            assert_eq!(text(&body), expected);
            assert_eq!(body.content_type, "application/json");
        }
    }

    #[test]
    fn form_has_every_field_once() {
        let body = Body::form(r#"{"spoken":"你好\r\n--","atMe":true,"none":null}"#, Some("QUI="), "dlv_1");
        assert_eq!(body.content_type, "multipart/form-data; boundary=workbot-dlv1");
        let part = |name: &str, value: &str| {
            format!("--workbot-dlv1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let parts = [
            part("atMe", "true"),
            part("none", ""),
            part("spoken", "你好\r\n--"),
            part("fileBase64", "QUI="),
        ];
        assert_eq!(text(&body), format!("{}--workbot-dlv1--\r\n", parts.concat()));
    }

    #[test]
    fn no_value_can_end_its_part() {
        let body = Body::form(r#"{"a":"--workbot-d1\r\n","b":"workbot-d1x"}"#, None, "d1");
        assert_eq!(body.content_type, "multipart/form-data; boundary=workbot-d1xx");
        assert_eq!(Body::form("[1]", None, "d1").content_type, "application/json");
    }
}
