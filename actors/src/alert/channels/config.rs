//! Pure: what each kind of channel is set up with. Secrets are apart: they go in, and never come out.
use serde_json::{Map, Value};
use workbot_schema::notification_channels::ChannelType;

use crate::delivery::signature::SigningSecret;

/// Most receivers of an e-mail or mentions in a group.
const NAMES_MAX: usize = 50;

/// What is wrong with a configuration: the field below `config`, and a sentence in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Wire name, e.g. `host`.
    pub field: String,
    /// What is wrong, and how it is put right.
    pub text: String,
}

/// Whether and how a mail server is spoken to in secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Plain first, then encrypted; never goes on in plain.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
    /// Never encrypted.
    Plain,
}

/// What a channel is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelConfig {
    /// A chat of one of our robots.
    RobotMessage {
        /// Public id of the robot.
        robot_id: String,
        /// Name of the chat.
        target: String,
        /// Who is mentioned in it.
        at: Vec<String>,
    },
    /// Whoever looks at the console.
    Console,
    /// A group bot of WeCom; its address is a secret.
    WecomGroup {
        /// Markdown instead of plain text.
        is_markdown: bool,
        /// User ids to mention (`@all` for everybody).
        mentioned: Vec<String>,
        /// Phone numbers to mention.
        mentioned_mobiles: Vec<String>,
    },
    /// A mail server.
    Email {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// How it is spoken to.
        security: MailSecurity,
        /// Who logs in.
        username: Option<String>,
        /// Who writes.
        from: String,
        /// To whom.
        to: Vec<String>,
        /// A certificate authority beside the usual ones, PEM.
        ca_certificate: Option<String>,
    },
    /// Any address.
    Webhook {
        /// Where to.
        url: String,
    },
}

/// The secret of a kind of channel: its wire name, and whether the channel cannot do without.
pub fn secret_of(kind: ChannelType) -> Option<(&'static str, bool)> {
    match kind {
        ChannelType::WecomGroup => Some(("webhookUrl", true)),
        ChannelType::Email => Some(("password", false)),
        ChannelType::Webhook => Some(("secret", false)),
        ChannelType::RobotMessage | ChannelType::Console => None,
    }
}

impl ChannelConfig {
    /// Reads the open part of a configuration; every problem at once.
    pub fn read(kind: ChannelType, config: &Value) -> Result<Self, Vec<ConfigProblem>> {
        let Some(config) = config.as_object() else {
            return Err(vec![ConfigProblem { field: String::new(), text: "应为对象".to_owned() }]);
        };
        let mut reader = Reader { config, problems: Vec::new(), known: Vec::new() };
        let read = match kind {
            ChannelType::RobotMessage => Self::RobotMessage {
                robot_id: reader.text("robotId", 64),
                target: reader.text("target", 64),
                at: reader.list("at", 64),
            },
            ChannelType::Console => Self::Console,
            ChannelType::WecomGroup => Self::WecomGroup {
                is_markdown: reader.choice("format", &["text", "markdown"], "markdown") == "markdown",
                mentioned: reader.list("mentionedList", 64),
                mentioned_mobiles: reader.list("mentionedMobileList", 20),
            },
            ChannelType::Email => reader.email(),
            ChannelType::Webhook => Self::Webhook { url: reader.text("url", 2_048) },
        };
        reader.finish(read)
    }
}

/// Whether a secret is of the form its channel needs.
pub fn check_secret(kind: ChannelType, secret: &str) -> Result<(), ConfigProblem> {
    let wrong =
        |field: &str, text: &str| Err(ConfigProblem { field: field.to_owned(), text: text.to_owned() });
    if secret.chars().any(char::is_control) || secret.chars().count() > 2_048 {
        let field = secret_of(kind).map_or("secret", |(field, _is_needed)| field);
        return wrong(field, "不能包含控制字符，且最多 2048 个字符");
    }
    match kind {
        ChannelType::Webhook if SigningSecret::parse(secret).is_err() => {
            wrong("secret", "应为 whsec_ 加 24 至 64 字节随机数的 Base64")
        }
        _ => Ok(()),
    }
}

struct Reader<'a> {
    config: &'a Map<String, Value>,
    problems: Vec<ConfigProblem>,
    known: Vec<&'static str>,
}

impl Reader<'_> {
    fn wrong(&mut self, field: &str, text: impl Into<String>) {
        self.problems.push(ConfigProblem { field: field.to_owned(), text: text.into() });
    }

    fn value(&mut self, field: &'static str) -> Option<&Value> {
        self.known.push(field);
        self.config.get(field).filter(|value| !value.is_null())
    }

    fn optional(&mut self, field: &'static str, most: usize) -> Option<String> {
        let text = match self.value(field)? {
            Value::String(text) => text.trim().to_owned(),
            _ => {
                self.wrong(field, "应为文本");
                return None;
            }
        };
        if text.chars().count() > most {
            self.wrong(field, format!("最多 {most} 个字符"));
        }
        (!text.is_empty()).then_some(text)
    }

    fn text(&mut self, field: &'static str, most: usize) -> String {
        let is_text = self.config.get(field).is_none_or(|value| value.is_string() || value.is_null());
        let text = self.optional(field, most);
        if text.is_none() && is_text {
            self.wrong(field, "不能为空");
        }
        let text = text.unwrap_or_default();
        if text.chars().any(char::is_control) {
            self.wrong(field, "不能包含控制字符");
        }
        text
    }

    fn list(&mut self, field: &'static str, most: usize) -> Vec<String> {
        let list = match self.value(field) {
            None => return Vec::new(),
            Some(Value::String(text)) => text.split([',', '，', ';', '；']).map(str::to_owned).collect(),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(_other) => {
                self.wrong(field, "应为文本列表");
                Vec::new()
            }
        };
        let mut names: Vec<String> = Vec::with_capacity(list.len());
        for name in list.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        if names.len() > NAMES_MAX {
            self.wrong(field, format!("最多 {NAMES_MAX} 个"));
        }
        let is_fit = |name: &String| name.chars().count() <= most && !name.chars().any(char::is_control);
        if !names.iter().all(is_fit) {
            self.wrong(field, format!("每个最多 {most} 个字符，且不能包含控制字符"));
        }
        names
    }

    fn choice(&mut self, field: &'static str, choices: &[&'static str], usual: &'static str) -> &'static str {
        let Some(text) = self.optional(field, 20) else { return usual };
        match choices.iter().find(|choice| **choice == text) {
            Some(choice) => choice,
            None => {
                self.wrong(field, format!("只能是 {}", choices.join("、")));
                usual
            }
        }
    }

    fn email(&mut self) -> ChannelConfig {
        let host = self.text("host", 253);
        let security = match self.choice("security", &["starttls", "tls", "none"], "starttls") {
            "tls" => MailSecurity::Tls,
            "none" => MailSecurity::Plain,
            _ => MailSecurity::Starttls,
        };
        let usual = match security {
            MailSecurity::Starttls => 587,
            MailSecurity::Tls => 465,
            MailSecurity::Plain => 25,
        };
        let port =
            match self.value("port").map(|port| port.as_u64().and_then(|port| u16::try_from(port).ok())) {
                None => usual,
                Some(Some(port)) if port > 0 => port,
                Some(_) => {
                    self.wrong("port", "应为 1 至 65535 的整数");
                    usual
                }
            };
        let from = self.text("from", 200);
        let to = self.list("to", 200);
        if to.is_empty() {
            self.wrong("to", "至少填写一个收件人");
        }
        for (field, addresses) in [("from", std::slice::from_ref(&from)), ("to", to.as_slice())] {
            if let Some(address) =
                addresses.iter().find(|address| !address.is_empty() && !is_mailbox(address))
            {
                let text = format!("{address} 不是有效的邮箱地址");
                self.wrong(field, text);
            }
        }
        let ca_certificate = self.optional("caCertificate", 20_000);
        if ca_certificate.as_ref().is_some_and(|pem| !pem.starts_with("-----BEGIN CERTIFICATE-----")) {
            self.wrong("caCertificate", "应为 PEM 格式的证书");
        }
        let username = self.optional("username", 200);
        ChannelConfig::Email { host, port, security, username, from, to, ca_certificate }
    }

    fn finish(mut self, read: ChannelConfig) -> Result<ChannelConfig, Vec<ConfigProblem>> {
        let strangers: Vec<String> =
            self.config.keys().filter(|key| !self.known.iter().any(|known| known == key)).cloned().collect();
        for stranger in strangers {
            self.wrong(&stranger, "未知字段");
        }
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }
}

/// `name@host.tld`, or `Name <name@host.tld>`.
fn is_mailbox(text: &str) -> bool {
    text.parse::<lettre::message::Mailbox>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: ChannelType, config: Value) -> Result<ChannelConfig, Vec<String>> {
        ChannelConfig::read(kind, &config)
            .map_err(|problems| problems.into_iter().map(|problem| problem.field).collect())
    }

    #[test]
    fn fields_are_read_and_every_wrong_one_is_named() {
        let table = [
            (ChannelType::Console, json!({}), Ok(ChannelConfig::Console)),
            (ChannelType::Console, json!({"x": 1}), Err(vec!["x"])),
            (
                ChannelType::Webhook,
                json!({"url": " https://a.example/x "}),
                Ok(ChannelConfig::Webhook { url: "https://a.example/x".to_owned() }),
            ),
            (ChannelType::Webhook, json!({"url": 5}), Err(vec!["url"])),
            (ChannelType::Webhook, json!({}), Err(vec!["url"])),
            (
                ChannelType::RobotMessage,
                json!({"robotId": "robot_1", "target": "值班群", "at": ["张三", "张三"]}),
                Ok(ChannelConfig::RobotMessage {
                    robot_id: "robot_1".to_owned(),
                    target: "值班群".to_owned(),
                    at: vec!["张三".to_owned()],
                }),
            ),
            (ChannelType::RobotMessage, json!({"at": {}}), Err(vec!["robotId", "target", "at"])),
            (
                ChannelType::WecomGroup,
                json!({"format": "text", "mentionedList": "@all"}),
                Ok(ChannelConfig::WecomGroup {
                    is_markdown: false,
                    mentioned: vec!["@all".to_owned()],
                    mentioned_mobiles: vec![],
                }),
            ),
            (ChannelType::WecomGroup, json!({"format": "html"}), Err(vec!["format"])),
            (
                ChannelType::Email,
                json!({"host": "mail.example.com", "from": "WorkBot <a@example.com>", "to": ["b@example.com"],
                    "security": "tls"}),
                Ok(ChannelConfig::Email {
                    host: "mail.example.com".to_owned(),
                    port: 465,
                    security: MailSecurity::Tls,
                    username: None,
                    from: "WorkBot <a@example.com>".to_owned(),
                    to: vec!["b@example.com".to_owned()],
                    ca_certificate: None,
                }),
            ),
            (
                ChannelType::Email,
                json!({"host": "h", "port": 0, "from": "a", "to": ["b@example.com", "c"], "security": "ssl",
                    "caCertificate": "x"}),
                Err(vec!["security", "port", "from", "to", "caCertificate"]),
            ),
            (ChannelType::Email, json!({"host": "h", "from": "a@b.c"}), Err(vec!["to"])),
        ];
        for (kind, config, expected) in table {
            let expected =
                expected.map_err(|fields| fields.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(read(kind, config.clone()), expected, "{kind} {config}");
        }
    }

    #[test]
    fn secrets_have_a_form() {
        let fit = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(check_secret(ChannelType::Webhook, fit).is_ok());
        assert_eq!(check_secret(ChannelType::Webhook, "geheim").unwrap_err().field, "secret");
        assert!(check_secret(ChannelType::Email, "geheim").is_ok());
        assert_eq!(check_secret(ChannelType::Email, "a\nb").unwrap_err().field, "password");
    }
}
