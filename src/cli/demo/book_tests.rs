use super::*;

/// A book with one message on which everything has happened, in an awkward order.
fn complete(app_id: &str) -> Book {
    let mut book = Book::default();
    let now = Instant::now();
    let (message, command) = (format!("m-{app_id}"), format!("c-{app_id}"));
    book.said(Way::Platform, app_id, ("张三@客服群".into(), "如何退款？".into()), now);
    book.called(&message, "w1", now + Duration::from_millis(3));
    book.executed(&command, "您好", now + Duration::from_millis(12));
    book.acked(app_id, &message);
    assert!(book.told(&command, "w2", now + Duration::from_millis(15)));
    book.replied(&message, &command, "您好");
    assert_eq!(book.open(), 1);
    book.state(&command, "succeeded");
    let answered = book.story(&command).unwrap();
    assert_eq!(
        (answered.place.as_str(), answered.executed_in.as_millis(), answered.told_in),
        ("张三@客服群", 12, Some(Duration::from_millis(15)))
    );
    book
}

#[test]
fn a_whole_story_is_neither_lost_nor_doubled() {
    let mut book = complete("a");
    let now = Instant::now();
    // What is allowed after a kill: the same delivery again, the same ids again.
    book.called("m-a", "w1", now);
    assert!(!book.told("c-a", "w2", now));
    book.acked("a", "m-a");
    book.replied("m-a", "c-a", "您好");
    let tally = book.tally();
    assert_eq!((book.open(), tally.lost, tally.doubled, tally.repeats), (0, 0, 0, 2));
    assert_eq!((tally.said, tally.acked, tally.called, tally.commands), (1, 1, 1, 1));
    assert_eq!((tally.executed, tally.told, tally.succeeded, tally.telling.count()), (1, 1, 1, 1));
}

#[test]
fn whatever_happens_twice_is_doubled() {
    let changes: [fn(&mut Book, Instant); 6] = [
        |book, _| book.acked("a", "other"),
        |book, now| book.called("m-a", "w9", now),
        |book, _| book.replied("m-a", "other", "您好"),
        |book, now| book.executed("c-a", "您好", now),
        |book, _| book.pushed_again("c-a"),
        |book, now| {
            book.told("c-a", "w9", now);
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut book = complete("a");
        change(&mut book, Instant::now());
        let tally = book.tally();
        assert_eq!((tally.lost, tally.doubled), (0, 1), "change {number}");
    }
}

#[test]
fn whatever_is_missing_is_lost() {
    let mut book = Book::default();
    let now = Instant::now();
    book.said(Way::Platform, "a", ("张三".into(), "在吗".into()), now);
    assert_eq!((book.open(), book.tally().lost), (1, 1));
    assert_eq!(book.under_way(), 0);
    book.acked("a", "m");
    assert_eq!(book.under_way(), 1);
    book.called("m", "w1", now);
    book.replied("m", "c", "您好");
    book.executed("c", "您好", now);
    book.state("c", "unknown");
    assert!(book.story("c").is_none());
    book.told("c", "w2", now);
    assert_eq!(book.story("c").map(|answered| answered.state), Some("unknown".into()));
    assert!(book.story("c").is_none(), "it is told once");
    assert_eq!((book.open(), book.tally().lost), (1, 1));
    book.state("c", "succeeded");
    assert_eq!((book.open(), book.tally().lost), (0, 0));
}

#[test]
fn a_flow_needs_no_call_and_the_worktool_app_no_result() {
    for (way, needs_result) in [(Way::Flow, true), (Way::Worktool, false)] {
        let mut book = Book::default();
        let now = Instant::now();
        book.said(way, "a", ("张三".into(), "在吗".into()), now);
        assert_eq!(book.unanswered(way), ["a"]);
        book.acked("a", "m");
        book.replied("m", "c", "");
        assert_eq!((book.unanswered(way).len(), book.open()), (0, 1));
        book.executed("c", "在的", now);
        assert_eq!(book.open(), usize::from(needs_result));
        book.state("c", "succeeded");
        let early = book.story("c");
        assert_eq!(early.is_some(), !needs_result);
        book.told("c", "w", now);
        let answered = early.or_else(|| book.story("c")).unwrap();
        assert_eq!((answered.answer.as_str(), book.open()), ("在的", 0));
    }
}

#[test]
fn what_is_forgotten_stays_counted() {
    let mut book = complete("a");
    book.forget("a");
    assert!(book.messages.is_empty() && book.turns.is_empty() && book.replies.is_empty());
    let tally = book.tally();
    assert_eq!((tally.said, tally.succeeded, tally.lost, tally.execution.count()), (1, 1, 0, 1));
}

#[test]
fn a_command_that_answers_nothing_is_one_too_many() {
    let mut book = complete("a");
    book.executed("stray", "您好", Instant::now());
    assert_eq!((book.tally().lost, book.tally().doubled), (0, 1));
}
