//! Type 301: lines the app writes for its own log. A few of them are the only place where a fact stands.
use serde::{Deserialize, Serialize};

/// Longest line that is kept, characters.
pub const LINE_CHARS: usize = 2_000;

const LOGIN: &str = "连接建立";
const KEYS: [&str; 6] = ["appName:", "appVersion:", "workVersion:", "deviceRooted:", "hook:", "blue:"];

/// What the phone tells of itself when it has connected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceInfo {
    /// Name of the app; newer ones tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// Version of the app, e.g. 2.8.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// Version of Android.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Manufacturer and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Version of WeCom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_version: Option<String>,
    /// Whether the phone is rooted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_rooted: Option<bool>,
    /// Whether a hook framework was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_hooked: Option<bool>,
    /// What newer apps say of Bluetooth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue: Option<String>,
}

impl DeviceInfo {
    /// Whether the app is known to be of this major version or newer.
    pub fn is_app_from(&self, major: u32) -> bool {
        let version = self.app_version.as_deref().unwrap_or_default();
        let first = version.trim_start_matches(['v', 'V']).split('.').next().unwrap_or_default();
        first.parse::<u32>().is_ok_and(|number| number >= major)
    }

    /// Whether two lines name different phones; what is not told differs from nothing.
    pub fn is_other_than(&self, other: &Self) -> bool {
        match (&self.device, &other.device) {
            (Some(device), Some(known)) => device != known,
            (Some(_) | None, _) => false,
        }
    }
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// The phone has connected: link id as it believes it, and its device.
    Login(String, DeviceInfo),
    /// The name others see.
    ShowName(String),
    /// It accepted an invitation to a group.
    JoinedGroup(String),
    /// It could not.
    JoinFailed(String),
    /// Anything else.
    Other(String),
}

/// Reads a line.
pub fn read(line: &str) -> LogLine {
    let line = line.trim();
    let after =
        |key: &str| line.strip_prefix(key)?.strip_prefix([':', '：']).map(|rest| rest.trim().to_owned());
    if let Some(rest) = after(LOGIN) {
        return login(&rest);
    }
    let named = |name: Option<String>| name.filter(|name| !name.is_empty());
    if let Some(name) = named(after("对外显示名")) {
        LogLine::ShowName(name)
    } else if let Some(name) = named(after("加入群聊失败")) {
        LogLine::JoinFailed(name)
    } else if let Some(name) = named(after("加入群聊")) {
        LogLine::JoinedGroup(name)
    } else {
        LogLine::Other(line.chars().take(LINE_CHARS).collect())
    }
}

fn login(rest: &str) -> LogLine {
    let end = KEYS.iter().filter_map(|key| rest.find(key)).min().unwrap_or(rest.len());
    let link_id = rest.get(..end).unwrap_or_default().trim().to_owned();
    let first_word = |key: &str| {
        let word = value_of(rest, key)?.split_whitespace().next()?;
        (word != "null").then(|| word.to_owned())
    };
    let flag = |key: &str| first_word(key).and_then(|word| word.parse::<bool>().ok());
    let whole = |key: &str| {
        value_of(rest, key).filter(|value| !value.is_empty() && *value != "null").map(str::to_owned)
    };
    let mut info = DeviceInfo {
        app_name: whole("appName:"),
        work_version: first_word("workVersion:"),
        is_rooted: flag("deviceRooted:"),
        is_hooked: flag("hook:"),
        blue: first_word("blue:"),
        ..DeviceInfo::default()
    };
    // `2.8.1     Android 12 Xiaomi M2012K11AC`
    let mut words = value_of(rest, "appVersion:").unwrap_or_default().split_whitespace().peekable();
    info.app_version = words.next_if(|word| *word != "Android" && *word != "null").map(str::to_owned);
    if words.any(|word| word == "Android") {
        info.os_version = words.next().map(str::to_owned);
        let device = words.collect::<Vec<_>>().join(" ");
        info.device = Some(device).filter(|device| !device.is_empty());
    }
    LogLine::Login(link_id, info)
}

/// The text between a key and the next one.
fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_before, rest) = line.split_once(key)?;
    let end = KEYS.iter().filter_map(|key| rest.find(key)).min().unwrap_or(rest.len());
    rest.get(..end).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(line: &str) -> (String, DeviceInfo) {
        match read(line) {
            LogLine::Login(link_id, info) => (link_id, info),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn login_line_of_the_open_app() {
        let (link_id, info) = info(
            "连接建立: wtxxxx appVersion: 2.8.1     Android 12 Xiaomi M2012K11AC workVersion: 4.1.10 deviceRooted: false hook: false",
        );
        assert_eq!(link_id, "wtxxxx");
        let expected = DeviceInfo {
            app_version: Some("2.8.1".into()),
            os_version: Some("12".into()),
            device: Some("Xiaomi M2012K11AC".into()),
            work_version: Some("4.1.10".into()),
            is_rooted: Some(false),
            is_hooked: Some(false),
            ..DeviceInfo::default()
        };
        assert_eq!(info, expected);
        assert!(info.is_app_from(2) && !info.is_app_from(3));
    }

    #[test]
    fn newer_broken_and_strange_login_lines() {
        let (link_id, newer) = info(
            "连接建立: wt1 appName: 企微助手 Pro appVersion: 3.8.1.7 Android 14 HUAWEI ALN-AL00 5G workVersion: 5.0.8 deviceRooted: true hook: false blue: true other: x",
        );
        assert_eq!((link_id.as_str(), newer.app_name.as_deref()), ("wt1", Some("企微助手 Pro")));
        assert_eq!(newer.device.as_deref(), Some("HUAWEI ALN-AL00 5G"));
        assert_eq!(
            (newer.is_rooted, newer.is_hooked, newer.blue.as_deref()),
            (Some(true), Some(false), Some("true"))
        );
        assert!(newer.is_app_from(3));
        let (_, no_wecom) =
            info("连接建立: wt1 appVersion: 2.8.1 Android 12 X Y workVersion: null hook: maybe");
        assert_eq!((no_wecom.work_version.clone(), no_wecom.is_hooked), (None, None));
        for line in
            ["连接建立", "连接建立:", "连接建立: appVersion:", "连接建立: appVersion: Android", "连接建立：x"]
        {
            let parsed = read(line);
            assert!(
                matches!(&parsed, LogLine::Login(_, info) if *info == DeviceInfo::default())
                    || line == "连接建立",
                "{parsed:?}"
            );
        }
        assert!(newer.is_other_than(&no_wecom) && !newer.is_other_than(&DeviceInfo::default()));
    }

    #[test]
    fn other_lines() {
        for (line, expected) in [
            ("对外显示名: 管家", LogLine::ShowName("管家".into())),
            ("加入群聊: 测试群", LogLine::JoinedGroup("测试群".into())),
            ("加入群聊失败: 测试群", LogLine::JoinFailed("测试群".into())),
            ("聊天: 测试群1", LogLine::Other("聊天: 测试群1".into())),
            ("对外显示名:", LogLine::Other("对外显示名:".into())),
            ("", LogLine::Other(String::new())),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
