//! A group bot of WeCom: its webhook takes a text or markdown and answers `errcode`.
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::ChannelConfig;
use super::{BUDGET, ChannelTools, SendError, Sending, Sent, by_status, unanswered};

/// Most bytes of a text.
const TEXT_BYTES: usize = 2_048;
/// Most bytes of a markdown.
const MARKDOWN_BYTES: usize = 4_096;
/// Too many calls a minute (20 a bot).
const TOO_OFTEN: i64 = 45_009;
/// The platform is busy.
const BUSY: i64 = -1;

/// What the platform answers, with status 200 also when it refuses.
#[derive(Debug, Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// Posts the notice to the bot.
pub(super) async fn send(
    tools: &ChannelTools,
    config: &ChannelConfig,
    url: Option<String>,
    sending: &Sending,
) -> Result<Sent, SendError> {
    let url = url.ok_or_else(|| SendError::Config("webhookUrl".to_owned()))?;
    let headers = [("content-type", "application/json".to_owned())];
    let outcome =
        tools.http.post(&url, &headers, Bytes::from(body(config, sending).to_string()), BUDGET).await;
    let answer = match &outcome.result {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => return Err(by_status(answer.status)),
        Err(_error) => return Err(unanswered(&outcome)),
    };
    match serde_json::from_slice::<Answer>(&answer.body) {
        Ok(Answer { errcode: 0, .. }) => {
            Ok(Sent::told(format!("群机器人已接收，用时 {} 毫秒", outcome.duration_ms)))
        }
        Ok(Answer { errcode, errmsg }) => {
            // Hints of the platform repeat the key at times; the number says enough.
            let known = errmsg.split(',').next().unwrap_or_default().trim();
            let text = format!("group bot answered {errcode} {}", cut(known, 80));
            Err(if matches!(errcode, TOO_OFTEN | BUSY) {
                SendError::Later(text)
            } else {
                SendError::Refused(text)
            })
        }
        Err(_no_answer_of_a_bot) => Err(SendError::Refused("the address is no group bot".to_owned())),
    }
}

fn body(config: &ChannelConfig, sending: &Sending) -> Value {
    let ChannelConfig::WecomGroup { is_markdown, mentioned, mentioned_mobiles } = config else {
        return Value::Null;
    };
    if !*is_markdown {
        let mut text = json!({"content": cut(&sending.notice.text(), TEXT_BYTES)});
        if let Some(text) = text.as_object_mut() {
            for (name, list) in [("mentioned_list", mentioned), ("mentioned_mobile_list", mentioned_mobiles)]
            {
                if !list.is_empty() {
                    text.insert(name.to_owned(), json!(list));
                }
            }
        }
        return json!({"msgtype": "text", "text": text});
    }
    let mut content = cut(&sending.notice.markdown(), MARKDOWN_BYTES - 512).to_owned();
    // Markdown mentions by a form of its own; phone numbers and everybody are mentioned in texts only.
    for user in mentioned.iter().filter(|user| !user.contains(['<', '>', '@'])) {
        let mention = format!("<@{user}>");
        if content.len() + mention.len() < MARKDOWN_BYTES {
            content.push_str(&mention);
        }
    }
    json!({"msgtype": "markdown", "markdown": {"content": content}})
}

/// The longest beginning of at most `bytes` bytes.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::notice::Notice;

    fn body_of(is_markdown: bool, mentioned: &[&str], title: &str) -> Value {
        let config = ChannelConfig::WecomGroup {
            is_markdown,
            mentioned: mentioned.iter().map(|name| (*name).to_owned()).collect(),
            mentioned_mobiles: vec![],
        };
        let lines = (0..100).map(|line| (line.to_string(), title.repeat(10))).collect();
        let notice = Notice { title: title.to_owned(), lines, ..Notice::default() };
        body(&config, &Sending { id: "ntf_1".into(), notice })
    }

    #[test]
    fn texts_and_markdown_stay_within_their_limits() {
        let text = body_of(false, &["@all"], "风险词");
        assert_eq!((&text["msgtype"], &text["text"]["mentioned_list"]), (&json!("text"), &json!(["@all"])));
        assert!(text["text"]["content"].as_str().unwrap().len() <= TEXT_BYTES);
        assert_eq!(text["text"].get("mentioned_mobile_list"), None);
        let markdown = body_of(true, &["zhangsan", "@all"], "风险词");
        let content = markdown["markdown"]["content"].as_str().unwrap();
        assert!(content.len() <= MARKDOWN_BYTES && content.ends_with("<@zhangsan>"), "{content}");
    }
}
