//! The scripted AI platform: takes message callbacks, answers through the REST API, takes result callbacks, looks up states.
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use workbot_robot_sim::platform::PlatformCounters;
use workbot_robot_sim::{Hook, Platform, Received, Rest, SimError};

use super::book::Book;
use super::{script, show};

/// Calls being worked on at once; more wait in the platform's inbox.
const UNDER_WAY: usize = 64;
/// A reply is tried until it is accepted or this long has passed.
const REPLY: Duration = Duration::from_secs(60);
/// For the state of a command to be what its result said.
const STATE: Duration = Duration::from_secs(15);
/// The next call may be long in coming.
const NEXT: Duration = Duration::from_secs(3_600);

/// The platform's side of the demo.
pub struct Desk {
    /// Where callbacks arrive.
    pub platform: Platform,
    /// Client with the platform's key.
    pub rest: Rest,
    /// What happened so far.
    pub book: Arc<Mutex<Book>>,
}

impl Desk {
    /// Works for ever; dropping the future ends what is under way.
    pub async fn work(&self) {
        tokio::join!(self.answer_messages(), self.take_results());
    }

    /// What came in.
    pub fn counters(&self) -> PlatformCounters {
        self.platform.counters()
    }

    async fn answer_messages(&self) {
        let permits = Arc::new(Semaphore::new(UNDER_WAY));
        let mut tasks = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let Ok(received) = self.platform.next(Hook::Message, NEXT).await else { continue };
            let message_id = received.field("messageId").to_owned();
            self.book.lock().called(&message_id, &delivery_id(&received), received.at);
            let (rest, book) = (self.rest.clone(), Arc::clone(&self.book));
            tasks.spawn(async move {
                reply(&rest, &book, &received, &message_id).await;
                drop(permit);
            });
            while tasks.try_join_next().is_some() {}
        }
    }

    async fn take_results(&self) {
        let permits = Arc::new(Semaphore::new(UNDER_WAY));
        let mut tasks = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let Ok(received) = self.platform.next(Hook::Result, NEXT).await else { continue };
            let command_id = received.field("commandId").to_owned();
            let is_first = self.book.lock().told(&command_id, &delivery_id(&received), received.at);
            if !is_first {
                continue;
            }
            let (rest, book) = (self.rest.clone(), Arc::clone(&self.book));
            tasks.spawn(async move {
                look_up(&rest, &book, &command_id).await;
                drop(permit);
            });
            while tasks.try_join_next().is_some() {}
        }
    }
}

/// The id that stays when a delivery is made again.
fn delivery_id(received: &Received) -> String {
    received.header("webhook-id").map_or_else(|| received.field("messageId").to_owned(), str::to_owned)
}

/// Answers one message. The idempotency key is the message's id: however often it is tried or the callback repeated, one command.
async fn reply(rest: &Rest, book: &Mutex<Book>, received: &Received, message_id: &str) {
    let answer = script::answer(received.field("spoken"), message_id);
    let body = letter(&received.json, answer);
    let rest = rest.with_header("Idempotency-Key", format!("reply-{message_id}"));
    let until = Instant::now() + REPLY;
    let problem = loop {
        let (problem, pause) = match rest.send_message(&body).await {
            Ok(sent) if sent.is_ok() => match sent.text("/commandId") {
                Ok(command_id) => return book.lock().replied(message_id, &command_id, answer),
                Err(error) => break error.to_string(),
            },
            Ok(refused) if matches!(refused.status, 409 | 429 | 500..) => {
                let pause = Duration::from_secs(refused.retry_after().unwrap_or(1));
                (format!("HTTP {}", refused.status), pause)
            }
            Ok(refused) => break format!("HTTP {} {}", refused.status, refused.body),
            Err(error) => (error.to_string(), Duration::from_millis(200)),
        };
        if Instant::now() + pause > until {
            break problem;
        }
        sleep(pause).await;
    };
    show::problem(&format!("the reply to {message_id} was not accepted: {problem}"));
}

/// The body of `send-message` that answers a message where it was written.
fn letter(message: &Value, answer: &str) -> Value {
    let field = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
    let (group, name) = (field("groupName"), field("receivedName"));
    let mut body = Map::from_iter([
        ("robotId".to_owned(), field("robotId").into()),
        ("type".to_owned(), "text".into()),
        ("content".to_owned(), answer.into()),
    ]);
    if group.is_empty() {
        body.insert("titleList".into(), json!([name]));
    } else {
        body.insert("titleList".into(), json!([group]));
        body.insert("atList".into(), json!([name]));
    }
    Value::Object(body)
}

async fn look_up(rest: &Rest, book: &Mutex<Book>, command_id: &str) {
    let state = match rest.wait_state(command_id, STATE, |state| state == "succeeded").await {
        Ok(_record) => "succeeded".to_owned(),
        Err(SimError::Deadline { wanted, .. }) => wanted,
        Err(error) => error.to_string(),
    };
    book.lock().state(command_id, &state);
    // A flow's command is known to answer a message when the operator's list has told so.
    let story = book.lock().story(command_id);
    if let Some(answered) = story {
        show::answered(&answered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_where_the_message_was_written() {
        let group = json!({"robotId": "r", "groupName": "客服群", "receivedName": "张三"});
        assert_eq!(
            letter(&group, "您好"),
            json!({"robotId": "r", "type": "text", "content": "您好", "titleList": ["客服群"], "atList": ["张三"]})
        );
        let private = json!({"robotId": "r", "groupName": "", "receivedName": "张三"});
        assert_eq!(
            letter(&private, "您好"),
            json!({"robotId": "r", "type": "text", "content": "您好", "titleList": ["张三"]})
        );
    }
}
