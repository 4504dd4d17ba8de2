use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::fake::{FakeBot, Faults, SOON};
use crate::tag::Tag;

fn message(spoken: &str) -> Value {
    json!({"robotId": "robot_1", "spoken": spoken, "receivedName": "张三", "groupName": "", "messageId": "msg_1"})
}

#[tokio::test]
async fn records_the_exact_bytes_and_answers_by_script() {
    let script = Script::list(
        [
            Answer::Status(500),
            Answer::Inline("re {spoken}".into()),
            Answer::WrongJson,
            Answer::Code(7, "no".into()),
        ],
        Answer::Ok,
    );
    let platform =
        Platform::start(PlatformConfig { message: script, ..PlatformConfig::default() }).await.unwrap();
    let rest =
        Rest::new(&format!("http://{}", platform.address())).unwrap().with_header("X-Robot-Id", "robot_1");
    let mut answers = Vec::new();
    for _ in 0..5 {
        let answer = rest.post("/message", &message("hi")).await.unwrap();
        answers.push((answer.status, answer.body));
    }
    assert_eq!(answers[0], (500, "{}".into()));
    assert!(answers[1].1.contains("re hi") && answers[1].1.contains("5000"));
    assert!(serde_json::from_str::<Value>(&answers[2].1).is_err());
    assert!(answers[3].1.contains("\"code\":7") && answers[4].1.contains("\"code\":0"));
    let received = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!(received.body, message("hi").to_string().into_bytes());
    assert_eq!((received.header("x-robot-id"), received.field("spoken")), (Some("robot_1"), "hi"));
    assert_eq!(received.signatures, Signatures { plain: Verdict::Absent, standard: Verdict::Absent });
    assert_eq!((platform.counters().messages, platform.received(Hook::Message).len()), (5, 4));
}

#[tokio::test]
async fn hanging_dropping_and_garbage_end_as_told() {
    let script = Script::list([Answer::Drop, Answer::Hang], Answer::Empty);
    let platform =
        Platform::start(PlatformConfig { event: script, ..PlatformConfig::default() }).await.unwrap();
    let rest = Rest::new(&format!("http://{}", platform.address())).unwrap();
    let rest = rest.with_deadline(Duration::from_millis(200));
    assert!(rest.post("/event", &json!({})).await.is_err());
    assert!(rest.post("/event", &json!({})).await.is_err());
    assert_eq!(rest.post("/event", &json!({})).await.unwrap().status, 204);
    let mut stream = tokio::net::TcpStream::connect(platform.address()).await.unwrap();
    stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
    let mut end = Vec::new();
    stream.read_to_end(&mut end).await.unwrap();
    platform.wait_counters(SOON, |counters| counters.broken == 1 && counters.events == 3).await.unwrap();
}

#[tokio::test]
async fn later_replies_go_to_the_chat_and_the_ledger_learns() {
    let bot = FakeBot::start(Faults::default()).await;
    let ledger = Arc::new(Ledger::new());
    let platform = Platform::start(PlatformConfig {
        message: Script::always(Answer::Later { text: "re {spoken}".into(), delay: Duration::ZERO }),
        rest: Some(Rest::new(&bot.url).unwrap()),
        ledger: Some(Arc::clone(&ledger)),
        ..PlatformConfig::default()
    })
    .await
    .unwrap();
    let tag = Tag::message(1, 0, 1);
    ledger.begin_message(tag, true, false);
    let rest = Rest::new(&format!("http://{}", platform.address())).unwrap();
    rest.post("/message", &message(&tag.to_string())).await.unwrap().expect_status(200).unwrap();
    platform.wait_counters(SOON, |counters| counters.replies_accepted == 1).await.unwrap();
    assert_eq!(ledger.report().messages.called_back, 1);
}
