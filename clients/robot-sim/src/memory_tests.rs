use serde_json::json;

use super::*;

const GRACE: Duration = Duration::from_millis(500);

fn command(id: &str, attempt: u32, content: &str) -> Command {
    Command {
        id: id.into(),
        attempt,
        priority: 0,
        kind: "send_message".into(),
        number: 203,
        params: json!({"titleList": ["a"], "content": content}),
        redelivered: false,
        created_at: None,
    }
}

#[test]
fn a_repeat_on_a_new_socket_is_harmless_until_the_confirm_is_certain() {
    let start = Instant::now();
    let mut memory = Memory::new(GRACE);
    let first = command("m", 1, "");
    let mut again = first.clone();
    again.redelivered = true;
    assert_eq!(memory.on_push(&first, 1), Push::Fresh);
    memory.on_confirm_written(&first.key(), start);
    memory.on_evidence(start + GRACE / 2);
    assert_eq!(memory.on_push(&again, 2), Push::Repeat(None));
    assert_eq!(memory.counters().doubled, 0);
    memory.on_socket();
    memory.on_confirm_written(&first.key(), start);
    memory.on_evidence(start + GRACE);
    memory.on_push(&again, 3);
    let counters = memory.counters();
    assert_eq!((counters.redelivered, counters.unflagged, counters.doubled), (2, 0, 1));
}

#[test]
fn twice_on_one_socket_is_always_doubled() {
    let mut memory = Memory::new(GRACE);
    memory.on_push(&command("m", 1, ""), 1);
    memory.on_push(&command("m", 1, ""), 1);
    let counters = memory.counters();
    assert_eq!((counters.doubled, counters.unflagged), (1, 1));
}

#[test]
fn an_attempt_is_asked_for_only_by_a_retryable_failure() {
    let cases = [
        (Some(Outcome::failed(&command("m", 1, ""), 201_101, "")), 0),
        (Some(Outcome::failed(&command("m", 1, ""), 201_102, "")), 1),
        (Some(Outcome::success(&command("m", 1, ""))), 1),
        (None, 1),
    ];
    for (outcome, doubled) in cases {
        let mut memory = Memory::new(GRACE);
        let first = command("m", 1, "");
        memory.on_push(&first, 1);
        if let Some(outcome) = &outcome {
            assert!(memory.on_executed(&Arc::new(first.clone()), outcome, true));
            assert!(!memory.on_executed(&Arc::new(first.clone()), outcome, true));
        }
        assert_eq!(memory.on_push(&command("m", 2, ""), 1), Push::Fresh);
        assert_eq!(memory.counters().doubled, doubled, "{outcome:?}");
    }
}

#[test]
fn results_are_sent_again_until_an_answer_proves_them() {
    let start = Instant::now();
    let mut memory = Memory::new(GRACE);
    let first = command("m", 1, "");
    memory.on_push(&first, 1);
    memory.on_executed(&Arc::new(first.clone()), &Outcome::success(&first), true);
    assert_eq!(memory.on_socket().len(), 1, "held back while there was no socket");
    memory.on_result_written(&first, start);
    memory.on_evidence(start);
    assert_eq!(memory.on_socket().len(), 1, "the answer may be older than the result");
    memory.on_evidence(start + GRACE);
    assert_eq!((memory.on_socket().len(), memory.unreported()), (0, 0));
}

#[test]
fn order_counts_within_a_priority_and_a_stream() {
    let mut memory = Memory::new(GRACE);
    let mut high = command("d", 1, "[c:1:0:4]");
    high.priority = 9;
    let pushes = [
        command("a", 1, "[c:1:0:5]"),
        high,
        command("b", 1, "[c:1:1:1]"),
        command("c", 1, "[c:1:0:3]"),
        command("e", 1, "untagged"),
        command("f", 1, "[c:1:0:6]"),
    ];
    for push in &pushes {
        memory.on_push(push, 1);
    }
    assert_eq!(memory.counters().order_violations, 1);
}
