//! Pure: the variables that are known of every message, so that a template with only these can always be filled in.
use chrono::{DateTime, Datelike, FixedOffset, Timelike, Weekday};
use serde_json::Value;
use workbot_schema::fields::Ts;

use super::variables::Variables;

/// Variables that every message has a value for:
///
/// | name | value |
/// |---|---|
/// | `userName` | who wrote, as the chat shows them; 朋友 when the phone told no name |
/// | `botName` | name of the persona that answers, else of the robot |
/// | `robotName` | name of the robot |
/// | `message` | what was written: one line, the first 100 characters |
/// | `timeGreeting` | 早上好, 中午好, 下午好 or 晚上好; 您好 after midnight |
/// | `date`, `weekday`, `time` | when it was written, in China: 1月4日, 星期六, 10:30 |
pub const ALWAYS_KNOWN: [&str; 8] =
    ["userName", "botName", "robotName", "message", "timeGreeting", "date", "weekday", "time"];

/// Variables that only a message in a group has a value for: its name.
pub const KNOWN_IN_GROUPS: [&str; 1] = ["groupName"];

/// Variables that only a message has a value for that is shown as `[图片]` and the like: what it is.
pub const KNOWN_OF_MEDIA: [&str; 1] = ["mediaType"];

/// What phones write in brackets in place of a content that is no text. Other brackets are small pictures in a text.
const MEDIA: [&str; 11] = [
    "[图片]",
    "[语音]",
    "[视频]",
    "[文件]",
    "[位置]",
    "[名片]",
    "[链接]",
    "[小程序]",
    "[动画表情]",
    "[聊天记录]",
    "[红包]",
];

const NAME_MAX_CHARS: usize = 32;
const MESSAGE_MAX_CHARS: usize = 100;
const SOMEBODY: &str = "朋友";
const SOME_ROBOT: &str = "智能助手";
const CHINA_SECONDS_EAST: i32 = 8 * 3600;

/// What is known of a message, without any lookup.
#[derive(Debug, Clone, Copy)]
pub struct ChatFacts<'a> {
    /// Who wrote.
    pub user_name: &'a str,
    /// The robot.
    pub robot_name: &'a str,
    /// The persona that answers.
    pub persona_name: Option<&'a str>,
    /// The group; none or empty in a private chat.
    pub group_name: Option<&'a str>,
    /// What was written.
    pub message: &'a str,
    /// When.
    pub at: Ts,
}

impl ChatFacts<'_> {
    /// The values of the known variables.
    pub fn variables(&self) -> Variables {
        let robot_name = filled(line(self.robot_name, NAME_MAX_CHARS), SOME_ROBOT);
        let bot_name = filled(line(self.persona_name.unwrap_or_default(), NAME_MAX_CHARS), &robot_name);
        let at = in_china(self.at);
        let mut variables = Variables::new();
        let mut set = |name: &str, text: String| variables.insert(name.to_owned(), Value::String(text));
        set("userName", filled(line(self.user_name, NAME_MAX_CHARS), SOMEBODY));
        set("botName", bot_name);
        set("robotName", robot_name);
        set("message", line(self.message, MESSAGE_MAX_CHARS));
        set("timeGreeting", greeting(at.hour()).to_owned());
        set("date", format!("{}月{}日", at.month(), at.day()));
        set("weekday", weekday(at.weekday()).to_owned());
        set("time", format!("{:02}:{:02}", at.hour(), at.minute()));
        let group_name = line(self.group_name.unwrap_or_default(), NAME_MAX_CHARS);
        if !group_name.is_empty() {
            set("groupName", group_name);
        }
        if MEDIA.contains(&self.message.trim()) {
            set("mediaType", self.message.trim().trim_matches(['[', ']']).to_owned());
        }
        variables
    }
}

/// A text on one line, without control characters, cut to so many characters.
fn line(text: &str, max_chars: usize) -> String {
    let shown = text.trim().chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    let shown: String = shown.filter(|letter| !letter.is_control()).take(max_chars).collect();
    shown.trim_end().to_owned()
}

fn filled(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

fn in_china(at: Ts) -> DateTime<FixedOffset> {
    let utc = at.utc();
    FixedOffset::east_opt(CHINA_SECONDS_EAST)
        .map_or_else(|| utc.fixed_offset(), |offset| utc.with_timezone(&offset))
}

fn greeting(hour: u32) -> &'static str {
    match hour {
        5..=10 => "早上好",
        11..=12 => "中午好",
        13..=17 => "下午好",
        18..=23 => "晚上好",
        _ => "您好",
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "星期一",
        Weekday::Tue => "星期二",
        Weekday::Wed => "星期三",
        Weekday::Thu => "星期四",
        Weekday::Fri => "星期五",
        Weekday::Sat => "星期六",
        Weekday::Sun => "星期日",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Ts {
        Ts::new(DateTime::parse_from_rfc3339(text).unwrap().to_utc())
    }

    fn facts<'a>() -> ChatFacts<'a> {
        ChatFacts {
            user_name: "张三",
            robot_name: "客服一号",
            persona_name: Some("售后处理机器人"),
            group_name: Some("客服群"),
            message: "如何退款？",
            at: at("2025-01-04T02:30:00Z"),
        }
    }

    fn text<'a>(variables: &'a Variables, name: &str) -> &'a str {
        variables.get(name).and_then(Value::as_str).unwrap_or("-")
    }

    #[test]
    fn values_of_a_message_in_a_group() {
        let variables = facts().variables();
        let expected = [
            ("userName", "张三"),
            ("botName", "售后处理机器人"),
            ("robotName", "客服一号"),
            ("message", "如何退款？"),
            ("timeGreeting", "早上好"),
            ("date", "1月4日"),
            ("weekday", "星期六"),
            ("time", "10:30"),
            ("groupName", "客服群"),
        ];
        for (name, value) in expected {
            assert_eq!(text(&variables, name), value, "{name}");
        }
        assert_eq!(variables.len(), expected.len());
        assert_eq!(variables.len(), ALWAYS_KNOWN.len() + KNOWN_IN_GROUPS.len());
    }

    #[test]
    fn every_known_variable_has_a_value_even_when_nothing_was_told() {
        let nothing = ChatFacts {
            user_name: " \u{7} ",
            robot_name: "",
            persona_name: Some(" "),
            group_name: Some(""),
            message: "",
            at: at("2025-01-04T18:05:00Z"),
        };
        let variables = nothing.variables();
        for name in ALWAYS_KNOWN {
            assert!(variables.get(name).is_some_and(Value::is_string), "{name}");
        }
        assert_eq!(text(&variables, "userName"), "朋友");
        assert_eq!(text(&variables, "botName"), "智能助手");
        assert_eq!(text(&variables, "timeGreeting"), "您好");
        assert_eq!(text(&variables, "date"), "1月5日");
        assert!(!variables.contains_key("groupName"));
    }

    #[test]
    fn texts_are_short_and_stand_on_one_line() {
        let long = "字".repeat(500);
        let many = ChatFacts { user_name: "张\r\n三\u{0}", message: &long, robot_name: &long, ..facts() }
            .variables();
        assert_eq!(text(&many, "userName"), "张  三");
        assert_eq!(text(&many, "message").chars().count(), MESSAGE_MAX_CHARS);
        assert_eq!(text(&many, "robotName").chars().count(), NAME_MAX_CHARS);
    }

    #[test]
    fn what_a_message_is_when_it_is_no_text() {
        let media = |message| ChatFacts { message, ..facts() }.variables().get("mediaType").cloned();
        assert_eq!(media(" [图片] "), Some(Value::String("图片".to_owned())));
        for text in ["", "图片", "[微笑]", "看这个[图片]", "[]"] {
            assert_eq!(media(text), None, "{text}");
        }
    }

    #[test]
    fn greetings_follow_the_clock_in_china() {
        let cases = [("2025-01-03T21:00:00Z", "早上好"), ("2025-01-04T03:00:00Z", "中午好")];
        let later = [("2025-01-04T05:00:00Z", "下午好"), ("2025-01-04T10:00:00Z", "晚上好")];
        for (time, expected) in cases.into_iter().chain(later) {
            let variables = ChatFacts { at: at(time), ..facts() }.variables();
            assert_eq!(text(&variables, "timeGreeting"), expected, "{time}");
        }
    }
}
