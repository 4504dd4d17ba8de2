//! Rules for single texts: names, addresses, pictures.
use url::Url;

use super::rejection::Findings;

/// Longest name of a person or group, characters.
pub const NAME_CHARS: usize = 64;
/// Longest group name that phones show in full, characters.
const GROUP_NAME_CHARS: usize = 12;
/// Longest address, bytes.
pub const URL_BYTES: usize = 2_048;

const RESERVED: [char; 5] = ['-', ' ', '(', ')', '@'];
const RESERVED_NEW: &str = "含保留字符，请去掉减号、空格、英文括号和 @";
const RESERVED_OLD: &str = "名称含保留字符（减号、空格、英文括号、@），可能匹配不到会话";
/// Sentence for a picture phones cannot show.
pub const WEBP: &str = "不支持 webp 图片，请转换为 png 或 jpg 后重试";

/// Whether a name has characters WorkTool gives a meaning to.
pub fn has_reserved(name: &str) -> bool {
    name.contains(RESERVED)
}

/// A name that is given anew: reserved characters are refused.
pub fn new_name(findings: &mut Findings, path: &str, name: &str) {
    if has_reserved(name) {
        findings.refused(path, RESERVED_NEW);
    }
    length(findings, path, name, NAME_CHARS);
}

/// The name of a new group: as any new name, and phones cut long ones.
pub fn new_group_name(findings: &mut Findings, path: &str, name: &str) {
    new_name(findings, path, name);
    if name.chars().count() > GROUP_NAME_CHARS {
        findings.warn(path, format!("群名超过 {GROUP_NAME_CHARS} 个字，手机上可能显示不全，建议缩短"));
    }
}

/// A name that exists already: accepted, with a warning when it is hard to match.
pub fn old_name(findings: &mut Findings, path: &str, name: &str) {
    if has_reserved(name) {
        findings.warn(path, RESERVED_OLD);
    }
    length(findings, path, name, NAME_CHARS);
}

/// At most `limit` characters.
pub fn length(findings: &mut Findings, path: &str, text: &str, limit: usize) {
    if text.chars().count() > limit {
        findings.refused(path, format!("最多 {limit} 个字符"));
    }
}

/// An address the phone itself fetches: only form and scheme are judged, and that it is no webp picture.
pub fn phone_url(findings: &mut Findings, path: &str, text: &str) {
    if text.len() > URL_BYTES {
        findings.refused(path, format!("地址过长，最多 {URL_BYTES} 字节"));
        return;
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
            if is_webp_path(url.path()) {
                findings.refused(path, WEBP);
            }
        }
        Ok(_) | Err(_) => findings.wrong(path, "请填写 http:// 或 https:// 开头的完整地址"),
    }
}

fn is_webp_path(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|segment| segment.to_ascii_lowercase().ends_with(".webp"))
}

/// The file name at the end of an address, percent-decoding left to the phone; `None` when there is none.
pub fn file_name_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let segment = url.path_segments()?.next_back()?.to_owned();
    (!segment.is_empty()).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::command_item::Rejection;

    fn judged(check: impl Fn(&mut Findings)) -> Option<u16> {
        let mut findings = Findings::default();
        check(&mut findings);
        findings.finish().err().map(|rejection: Rejection| rejection.status())
    }

    #[test]
    fn addresses_for_the_phone() {
        for (text, expected) in [
            ("https://cdn.example.com/a.png", None),
            ("http://10.0.0.1:8080/a.jpg?x=1", None),
            ("https://cdn.example.com/a.webp", Some(422)),
            ("https://cdn.example.com/A.WEBP?x=.png", Some(422)),
            ("https://cdn.example.com/a.png?name=b.webp", None),
            ("https://cdn.example.com/x.webp/a.png", None),
            ("ftp://cdn.example.com/a.png", Some(400)),
            ("file:///etc/passwd", Some(400)),
            ("javascript:alert(1)", Some(400)),
            ("cdn.example.com/a.png", Some(400)),
            ("", Some(400)),
        ] {
            assert_eq!(judged(|findings| phone_url(findings, "fileUrl", text)), expected, "{text}");
        }
    }

    #[test]
    fn names_new_and_old() {
        for (name, reserved) in [
            ("测试群", false),
            ("测试-群", true),
            ("测试 群", true),
            ("测试(群", true),
            ("a)b", true),
            ("a@b", true),
            ("测试（群）＠", false),
        ] {
            assert_eq!(has_reserved(name), reserved, "{name}");
            assert_eq!(judged(|findings| new_name(findings, "groupName", name)), reserved.then_some(422));
            assert_eq!(judged(|findings| old_name(findings, "titleList[0]", name)), None);
        }
        let long = "字".repeat(65);
        assert_eq!(judged(|findings| old_name(findings, "titleList[0]", &long)), Some(422));
        let mut findings = Findings::default();
        new_group_name(&mut findings, "groupName", &"字".repeat(13));
        assert_eq!(findings.finish().unwrap().len(), 1);
    }

    #[test]
    fn file_names() {
        assert_eq!(file_name_of("https://a.example/x/logo.png?v=1").as_deref(), Some("logo.png"));
        assert_eq!(file_name_of("https://a.example/"), None);
        assert_eq!(file_name_of("x"), None);
    }
}
