//! Pure: the parts of a `multipart/form-data` body (RFC 7578).

/// Most parts of one body that are looked at.
const PARTS: usize = 64;
/// Longest head of a part, bytes.
const HEAD_BYTES: usize = 4_096;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Name of its field.
    pub name: String,
    /// Name of its file, if it is one.
    pub file_name: Option<String>,
    /// Its content.
    pub content: &'a [u8],
}

/// The boundary a `Content-Type` names.
pub fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let values = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_name, value) =
        values.into_iter().find(|(name, _value)| name.trim().eq_ignore_ascii_case("boundary"))?;
    Some(value.trim().trim_matches('"')).filter(|value| (1..=70).contains(&value.len()))
}

/// The parts of a body; `None` when it is not properly parted.
pub fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let delimiter = format!("--{boundary}");
    let separator = format!("\r\n{delimiter}");
    let (_preamble, mut rest) = cut(body, delimiter.as_bytes())?;
    let mut parts = Vec::new();
    loop {
        // After the delimiter: white space and a line end, or the two dashes of the end.
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        let (_padding, after) = cut(rest, b"\r\n")?;
        let (content, next) = cut(after, separator.as_bytes())?;
        parts.push(part(content)?);
        if parts.len() >= PARTS {
            return Some(parts);
        }
        rest = next;
    }
}

/// What stands before and after the first occurrence of `needle`.
fn cut<'a>(text: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let place = from + rest.iter().position(|byte| *byte == first)?;
        let found = text.get(place..)?;
        if let Some(after) = found.strip_prefix(needle) {
            return Some((text.get(..place)?, after));
        }
        from = place + 1;
    }
}

fn part(text: &[u8]) -> Option<Part<'_>> {
    let (head, content) = cut(text, b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok().filter(|head| head.len() <= HEAD_BYTES)?;
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    Some(Part {
        name: parameter(disposition, "name")?,
        file_name: parameter(disposition, "filename"),
        content,
    })
}

/// The value of a parameter of `Content-Disposition`, quoted or not.
fn parameter(disposition: &str, wanted: &str) -> Option<String> {
    let mut rest = disposition;
    while let Some((_before, after)) = rest.split_once(';') {
        let (name, value) = after.split_once('=')?;
        if let Some(quoted) = value.trim_start().strip_prefix('"') {
            let (text, next) = quoted.split_once('"')?;
            if name.trim().eq_ignore_ascii_case(wanted) {
                return Some(text.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
            }
            rest = next;
        } else {
            let text = value.split(';').next().unwrap_or_default().trim();
            if name.trim().eq_ignore_ascii_case(wanted) {
                return Some(text.to_owned());
            }
            rest = after;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boundaries() {
        for (kind, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("application/json; boundary=abc", None),
        ] {
            assert_eq!(boundary(kind), expected, "{kind}");
        }
    }

    #[test]
    fn parts_as_phones_send_them() {
        let body = b"preamble\r\n--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
            --x \r\ncontent-type: image/png\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b=%22.png\"\r\n\r\n\
            \x89PNG\r\n--\xff\r\n--x--\r\nepilogue";
        let parts = parts(body, "x").unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].name.as_str(), parts[0].content), ("note", b"hello".as_slice()));
        assert_eq!((parts[1].name.as_str(), parts[1].file_name.as_deref()), ("file", Some("a;b=\".png")));
        assert_eq!(parts[1].content, b"\x89PNG\r\n--\xff");
    }

    #[test]
    fn broken_bodies() {
        let unquoted = b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\n\r\n--x--";
        let parted = parts(unquoted, "x").unwrap();
        assert_eq!((parted[0].name.as_str(), parted[0].content), ("file", b"".as_slice()));
        for body in [
            b"".as_slice(),
            b"--x",
            b"--x\r\n",
            b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno end",
            b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--",
            b"--x\r\nno head\r\n--x--",
            b"--x\r\n\xff\xfe\r\n\r\n\r\n--x--",
        ] {
            assert_eq!(parts(body, "x"), None, "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(parts(b"--x--", "x"), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn nothing_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut framed = b"--x\r\n".to_vec();
            framed.extend_from_slice(&body);
            let _parts = (parts(&body, "x"), parts(&framed, "x"));
        }

        #[test]
        fn contents_come_back(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut body = b"--bound\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n".to_vec();
            body.extend_from_slice(&content);
            body.extend_from_slice(b"\r\n--bound--\r\n");
            prop_assume!(!content.windows(9).any(|window| window == b"\r\n--bound"));
            let parts = parts(&body, "bound").unwrap();
            prop_assert_eq!(parts[0].content, content.as_slice());
        }
    }
}
