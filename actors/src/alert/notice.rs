//! Pure: what people are told of an alert. It is put together once, when the notification is made, so that every attempt says the same.
use chrono::FixedOffset;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Ts;

/// Longest chat text a notice quotes, in characters.
pub const QUOTE_CHARS: usize = 120;
/// Seconds between UTC and Asia/Shanghai.
const SHANGHAI_SECS: i32 = 8 * 3_600;

/// An alert as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Notice {
    /// The alert; empty in a trial.
    pub alert_id: String,
    /// How bad it is.
    pub level: AlertLevel,
    /// What it is, for programs.
    pub code: String,
    /// What it is, for people.
    pub title: String,
    /// More about it, label and text.
    pub lines: Vec<(String, String)>,
    /// The rule that raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// Whose robot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robot_id: Option<String>,
    /// Which conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// What was measured or met.
    pub data: Value,
    /// When it was raised.
    pub at: Option<Ts>,
}

impl Default for Notice {
    fn default() -> Self {
        Self {
            alert_id: String::new(),
            level: AlertLevel::Info,
            code: String::new(),
            title: String::new(),
            lines: Vec::new(),
            rule_id: None,
            robot_id: None,
            session_id: None,
            message_id: None,
            data: Value::Null,
            at: None,
        }
    }
}

/// The word for a level.
pub fn level_word(level: AlertLevel) -> &'static str {
    match level {
        AlertLevel::Critical => "严重",
        AlertLevel::Warning => "警告",
        AlertLevel::Info => "提示",
    }
}

/// A text of a chat, short and in one line.
pub fn quote(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.chars().count() <= QUOTE_CHARS {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(QUOTE_CHARS).collect();
    short.push('…');
    short
}

/// A time as people in China read it.
pub fn shanghai(at: Ts) -> String {
    let utc = at.utc();
    match FixedOffset::east_opt(SHANGHAI_SECS) {
        Some(offset) => utc.with_timezone(&offset).format("%Y-%m-%d %H:%M:%S").to_string(),
        None => at.iso(),
    }
}

impl Notice {
    /// What a trial of a channel says.
    pub fn trial(channel: &str, now: Ts) -> Self {
        Self {
            code: "test".to_owned(),
            title: "测试通知".to_owned(),
            lines: vec![
                ("渠道".to_owned(), quote(channel)),
                ("说明".to_owned(), "这是一条测试通知，收到即表示渠道可用".to_owned()),
            ],
            at: Some(now),
            ..Self::default()
        }
    }

    /// `【级别】标题`, in one line.
    pub fn headline(&self) -> String {
        format!("【{}】{}", level_word(self.level), quote(&self.title))
    }

    /// Everything as plain text.
    pub fn text(&self) -> String {
        let mut text = self.headline();
        for (label, line) in self.lines() {
            text.push_str(&format!("\n{label}：{}", quote(&line)));
        }
        text
    }

    /// Everything as the markdown of group bots: a colour for the level, a quote a line; what came from chats cannot format anything.
    pub fn markdown(&self) -> String {
        let colour = match self.level {
            AlertLevel::Critical => "warning",
            AlertLevel::Warning => "comment",
            AlertLevel::Info => "info",
        };
        let word = level_word(self.level);
        let mut text =
            format!("<font color=\"{colour}\">【{word}】</font>**{}**", plain(&quote(&self.title)));
        for (label, line) in self.lines() {
            text.push_str(&format!("\n> {label}：{}", plain(&quote(&line))));
        }
        text
    }

    /// The body for programs.
    pub fn payload(&self, notification_id: &str) -> Value {
        json!({
            "type": if self.alert_id.is_empty() { "test" } else { "alert" },
            "id": notification_id,
            "timestamp": self.at.map(Ts::iso),
            "data": {
                "alertId": self.alert_id, "level": self.level, "code": self.code, "title": self.title,
                "text": self.text(), "ruleId": self.rule_id, "robotId": self.robot_id,
                "sessionId": self.session_id, "messageId": self.message_id, "detail": self.data,
            },
        })
    }

    fn lines(&self) -> Vec<(String, String)> {
        let time = self.at.map(|at| ("时间".to_owned(), shanghai(at)));
        self.lines.iter().cloned().chain(time).collect()
    }
}

/// Takes away what markdown would read as form, link or mention.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => '＜',
            '>' => '＞',
            '[' => '［',
            ']' => '］',
            '`' => '｀',
            '*' => '＊',
            '#' => '＃',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn notice(text: &str) -> Notice {
        Notice {
            alert_id: "alert_1".to_owned(),
            level: AlertLevel::Critical,
            code: "keyword".to_owned(),
            title: "风险词".to_owned(),
            lines: vec![("内容".to_owned(), text.to_owned())],
            at: Some(Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())),
            ..Notice::default()
        }
    }

    #[test]
    fn a_notice_reads_as_people_expect() {
        assert_eq!(
            notice("你们是骗子").text(),
            "【严重】风险词\n内容：你们是骗子\n时间：2027-01-15 16:00:00"
        );
        let payload = notice("x").payload("ntf_1");
        assert_eq!((&payload["type"], &payload["id"]), (&json!("alert"), &json!("ntf_1")));
        assert_eq!(payload["data"]["level"], "critical");
        assert_eq!(Notice::trial("群", notice("").at.unwrap()).payload("ntf_2")["type"], "test");
    }

    #[test]
    fn it_survives_storage_and_older_forms_of_itself() {
        let stored = serde_json::to_string(&notice("内容")).unwrap();
        assert_eq!(serde_json::from_str::<Notice>(&stored).unwrap(), notice("内容"));
        assert_eq!(serde_json::from_str::<Notice>("{}").unwrap(), Notice::default());
    }

    proptest! {
        #[test]
        fn what_a_chat_says_forms_nothing_and_stays_short(text in "\\PC{0,400}") {
            let markdown = notice(&text).markdown();
            prop_assert_eq!(markdown.lines().count(), 3);
            let quoted = markdown.lines().nth(1).unwrap().strip_prefix("> ").unwrap().to_owned();
            prop_assert!(!quoted.contains(['<', '>', '[', ']', '`', '*', '#']));
            prop_assert!(quoted.chars().count() <= QUOTE_CHARS + 10);
        }
    }
}
