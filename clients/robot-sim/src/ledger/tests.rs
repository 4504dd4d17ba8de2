use serde_json::json;

use super::*;

fn command(id: &str, attempt: u32, tag: Tag) -> Command {
    Command {
        id: id.into(),
        attempt,
        priority: 0,
        kind: "send_message".into(),
        number: 203,
        params: json!({"titleList": ["a"], "content": format!("re {tag}")}),
        redelivered: false,
        created_at: None,
    }
}

fn execute(ledger: &Ledger, robot: &str, command: &Command, outcome: &Outcome) {
    ledger.on_received(robot, command, true);
    ledger.on_executed(robot, command, outcome);
}

fn accepted(ledger: &Ledger, sequence: u64) -> (Tag, Command) {
    let tag = Tag::command(1, 0, sequence);
    ledger.begin_command(tag, "r", 0, Instant::now());
    let id = format!("m{sequence}");
    ledger.answer_command(tag, Submission::Accepted(id.clone()));
    (tag, command(&id, 1, tag))
}

#[test]
fn lost_doubled_and_retried_are_told_apart() {
    let ledger = Ledger::new();
    let (_, fine) = accepted(&ledger, 1);
    execute(&ledger, "r", &fine, &Outcome::success(&fine));
    accepted(&ledger, 2);
    let (_, twice) = accepted(&ledger, 3);
    execute(&ledger, "r", &twice, &Outcome::success(&twice));
    execute(&ledger, "r", &command("m3", 2, Tag::command(1, 0, 3)), &Outcome::success(&twice));
    let (_, retried) = accepted(&ledger, 4);
    execute(&ledger, "r", &retried, &Outcome::failed(&retried, 201_101, ""));
    execute(&ledger, "r", &command("m4", 2, Tag::command(1, 0, 4)), &Outcome::success(&retried));
    let (_, stored_twice) = accepted(&ledger, 5);
    execute(&ledger, "r", &stored_twice, &Outcome::success(&stored_twice));
    ledger.on_received("r", &command("other", 1, Tag::command(1, 0, 5)), true);
    let (_, pushed_again) = accepted(&ledger, 6);
    execute(&ledger, "r", &pushed_again, &Outcome::success(&pushed_again));
    ledger.on_doubled("r", &pushed_again);
    let tally = ledger.report().commands;
    assert_eq!((tally.accepted, tally.executed, tally.lost, tally.doubled), (6, 5, 1, 3));
    assert_eq!(ledger.open_commands(), 1);
    assert!(ledger.report().to_string().ends_with("lost 1, doubled 3"));
}

#[test]
fn refused_unsure_and_misdirected_are_not_lost() {
    let ledger = Ledger::new();
    for (sequence, submission) in
        [(1, Submission::Refused(429)), (2, Submission::Unsure), (3, Submission::Cancelled)]
    {
        let tag = Tag::command(1, 0, sequence);
        ledger.begin_command(tag, "r", 0, Instant::now());
        ledger.answer_command(tag, submission);
        if sequence == 1 {
            let command = command("x", 1, tag);
            execute(&ledger, "other", &command, &Outcome::success(&command));
        }
    }
    let tally = ledger.report().commands;
    assert_eq!((tally.lost, tally.refused, tally.unsure, tally.cancelled), (0, 1, 1, 1));
    assert_eq!((tally.executed_though_refused, tally.misdirected), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn only_certain_pairs_count_as_disorder() {
    let ledger = Ledger::new();
    let mut commands = Vec::new();
    for sequence in 1..=3 {
        commands.push(accepted(&ledger, sequence).1);
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    let (early, late) = (Tag::command(1, 0, 4), Tag::command(1, 0, 5));
    for tag in [early, late] {
        ledger.begin_command(tag, "r", 0, Instant::now());
    }
    for tag in [early, late] {
        ledger.answer_command(tag, Submission::Accepted(format!("m{}", tag.sequence)));
    }
    let arrivals =
        [&commands[1], &commands[0], &commands[2], &command("m5", 1, late), &command("m4", 1, early)];
    for arrival in arrivals {
        execute(&ledger, "r", arrival, &Outcome::success(arrival));
    }
    assert_eq!(ledger.report().commands.out_of_order, 1);
}

#[tokio::test]
async fn messages_need_what_was_wanted_and_only_once() {
    let ledger = Ledger::new();
    let tags: Vec<Tag> = (1..=4).map(|sequence| Tag::message(1, 0, sequence)).collect();
    for tag in &tags {
        ledger.begin_message(*tag, true, true);
    }
    for tag in &tags[..3] {
        let message = ChatMessage::text("a", &tag.to_string());
        ledger.on_message_acked("r", &message, &format!("s{}", tag.sequence));
    }
    for (tag, delivery) in [(tags[0], "w1"), (tags[0], "w1"), (tags[1], "w2"), (tags[1], "w3")] {
        ledger.callback_received(tag, &format!("s{}", tag.sequence), Some(delivery));
    }
    for (tag, id) in [(tags[0], "c1"), (tags[1], "c2")] {
        let reply = command(id, 1, tag);
        execute(&ledger, "r", &reply, &Outcome::success(&reply));
    }
    let tally = ledger.report().messages;
    assert_eq!((tally.acked, tally.unacked, tally.lost, tally.doubled), (3, 1, 1, 1));
    assert_eq!((tally.callback_repeats, tally.replied), (1, 2));
    assert_eq!(ledger.open_messages(), 2);
    assert!(!ledger.wait_drained(Duration::from_millis(10)).await);
    ledger.callback_received(tags[2], "s3", None);
    ledger.withdraw_message(tags[3]);
    let reply = command("c3", 1, tags[2]);
    execute(&ledger, "r", &reply, &Outcome::success(&reply));
    assert!(ledger.wait_drained(Duration::from_secs(1)).await);
}
