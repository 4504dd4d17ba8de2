use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use workbot_schema::batch::Record;
use workbot_schema::class::Class;
use workbot_schema::commands::{CommandState, ExecutionResult};
use workbot_schema::deliveries::{self, DeliveryFilter, DeliveryKind};
use workbot_schema::idempotency::IdempotencyRecord;
use workbot_schema::ids::CommandId;

use super::rig::Rig;
use crate::journal::{JournalActor, JournalHandle, JournalLimits, JournalParts};
use crate::kernel::{Postbox, supervise};
use crate::robot::command_service::{CommandError, CommandLimits, CommandService, Submitted};
use crate::robot::pacing::WindowLimit;
use crate::robot::socket::{Said, store_in_the_end};
use crate::robot::submission::{ALREADY_PUSHED, NOT_FOUND, is_too_late};
use crate::supervisor::scene::TIMEOUTS;
use crate::supervisor::tree;

const AT_ONCE: Duration = Duration::ZERO;

fn id(text: &str) -> CommandId {
    CommandId::from(text)
}

#[actix::test]
async fn a_full_queue_refuses() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    let commands = |from: i32| {
        (from..from + 30)
            .map(|number| rig.new_command(&entry, &number.to_string(), json!({"type": 203})))
            .collect()
    };
    rig.parts.commands.submit(&entry, commands(0), None).await.unwrap();
    rig.scene.settle().await;
    let refused = rig.parts.commands.submit(&entry, commands(100), None).await.unwrap_err();
    assert!(matches!(refused, CommandError::QueueFull { retry_after: 30 }));
    assert_eq!(refused.class(), Class::Transient);
}

#[actix::test]
async fn clearing_the_queue_leaves_only_itself() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    rig.text(&entry, "a").await;
    rig.text(&entry, "b").await;
    rig.submit(&entry, "clear", json!({"type": 304})).await;
    for command in ["a", "b"] {
        assert_eq!(rig.scene.command(command).await.state, CommandState::Cancelled);
    }
    assert_eq!(rig.scene.command("clear").await.state, CommandState::Queued);
}

#[actix::test]
async fn taking_one_back_is_answered_by_the_server() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    rig.text(&entry, "a").await;
    let taken = rig.submit(&entry, "r1", json!({"type": 305, "originalContent": "a"})).await;
    assert_eq!(taken[0].state, CommandState::Succeeded);
    assert_eq!(rig.scene.command("a").await.state, CommandState::Cancelled);
    rig.text(&entry, "b").await;
    assert_eq!(rig.parts.commands.poll(&entry, AT_ONCE).await.unwrap().len(), 1);
    let late = rig.submit(&entry, "r2", json!({"type": 305, "messageId": "b"})).await;
    assert_eq!(
        (late[0].state, late[0].error_reason.as_deref()),
        (CommandState::Failed, Some(ALREADY_PUSHED))
    );
    let unknown = rig.submit(&entry, "r3", json!({"type": 305, "messageId": "nobody"})).await;
    assert_eq!(
        (unknown[0].state, unknown[0].error_reason.as_deref()),
        (CommandState::Failed, Some(NOT_FOUND))
    );
    assert_eq!(rig.parts.commands.poll(&entry, AT_ONCE).await.unwrap().len(), 1, "none of them is pushed");
}

#[actix::test]
async fn losers_get_the_row_that_is_there() {
    let rig = Rig::services().await;
    let (entry, other) = (rig.robot().await, rig.robot().await);
    let commands = &rig.parts.commands;
    rig.text(&entry, "a").await;
    assert!(!commands.confirm(&entry, &id("a"), None).await.unwrap().is_won, "nothing was pushed yet");
    assert_eq!(commands.poll(&entry, AT_ONCE).await.unwrap()[0].state, CommandState::Sent);
    let late = commands.cancel(&entry, &id("a"), "test").await.unwrap();
    assert!(is_too_late(&late) && late.command.state == CommandState::Sent);
    assert!(commands.confirm(&entry, &id("a"), None).await.unwrap().is_won);
    assert!(!commands.confirm(&entry, &id("a"), None).await.unwrap().is_won);
    assert!(matches!(commands.confirm(&other, &id("a"), None).await, Err(CommandError::NotFound)));
    for strange in ["", "a\0b", &"x".repeat(65)] {
        assert!(matches!(commands.confirm(&entry, &id(strange), None).await, Err(CommandError::NotFound)));
    }
    rig.text(&entry, "b").await;
    let cancelled = commands.cancel(&entry, &id("b"), "test").await.unwrap();
    assert!(cancelled.is_won && cancelled.command.state == CommandState::Cancelled);
    assert!(!is_too_late(&commands.cancel(&entry, &id("b"), "again").await.unwrap()));
}

#[actix::test]
async fn the_last_result_makes_the_callback() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    let bind = Record::Bind { robot: entry.uuid, binding_type: 1, url: Some("http://127.0.0.1:9/".into()) };
    rig.scene.write(vec![bind]).await;
    rig.text(&entry, "a").await;
    rig.parts.commands.poll(&entry, AT_ONCE).await.unwrap();
    // An attempt of zero is the server's own and no phone's.
    let result = ExecutionResult { attempt: Some(0), ..ExecutionResult::default() };
    let moved = rig.parts.commands.report(&entry, &id("a"), result).await.unwrap();
    assert_eq!(moved.command.state, CommandState::Succeeded);
    let filter = DeliveryFilter { command_id: Some(id("a")), ..DeliveryFilter::default() };
    let (total, list) = deliveries::list(&rig.scene.db, filter, 0, 10).await.unwrap();
    assert_eq!((total, list[0].kind), (1, DeliveryKind::Result));
}

#[actix::test]
async fn what_a_phone_said_is_stored_when_the_journal_is_back() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    rig.text(&entry, "a").await;
    rig.parts.commands.poll(&entry, AT_ONCE).await.unwrap();
    tokio::time::pause();
    let (clock, db) = (rig.parts.clock.clone(), rig.scene.db.clone());
    let away = JournalHandle::new(JournalLimits::default(), clock.clone());
    let commands = CommandService::new(
        away.clone(),
        clock,
        db.clone(),
        CommandLimits { queue_max: 1, window: WindowLimit { commands: 1, ..WindowLimit::default() } },
    );
    let said = Said::Confirm(Some(1));
    let storing = actix_rt::spawn(store_in_the_end(commands, entry.clone(), id("a"), said));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!storing.is_finished());
    let (router, _inbox) = Postbox::inbox("router", "router", 64, rig.scene.now().utc());
    let parts = JournalParts { db, handle: away, timeouts: TIMEOUTS, router, listeners: Arc::from([]) };
    let kernel = rig.scene.kernel.clone();
    let make = move |_ctx: &mut actix::Context<JournalActor>, stats| JournalActor::new(parts.clone(), stats);
    let _journal = supervise(&kernel, &tree::JOURNAL, "back", None, make, Box::new(drop));
    let moved = tokio::time::timeout(Duration::from_secs(60), storing).await.unwrap().unwrap().unwrap();
    assert_eq!(moved.command.state, CommandState::Confirmed);
}

#[actix::test]
async fn a_repeated_key_gets_the_first_answer() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    let record = || IdempotencyRecord {
        token: "t".into(),
        idempotency_key: "k".into(),
        body_hash: "h".into(),
        status: 200,
        response: "{}".into(),
        created_at: rig.scene.now(),
    };
    for (command, item) in [
        ("a", json!({"type": 203})),
        ("b", json!({"type": 203})),
        ("c", json!({"type": 305, "messageId": "a"})),
    ] {
        let submitted = rig
            .parts
            .commands
            .submit(&entry, vec![rig.new_command(&entry, command, item)], Some(record()))
            .await
            .unwrap();
        assert_eq!(matches!(submitted, Submitted::Stored(_)), command == "a");
    }
    assert_eq!(rig.scene.command("a").await.state, CommandState::Queued);
}

#[actix::test]
async fn a_poll_marks_what_it_returns_and_waits_for_work() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    let commands = rig.parts.commands.clone();
    assert_eq!(commands.poll(&entry, AT_ONCE).await.unwrap(), []);
    let waiting = actix_rt::spawn({
        let (commands, entry) = (commands.clone(), entry.clone());
        async move { commands.poll(&entry, Duration::from_secs(25)).await }
    });
    rig.text(&entry, "a").await;
    let polled = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap().unwrap();
    assert_eq!((polled[0].id.as_str(), polled[0].state), ("a", CommandState::Sent));
    let mut urgent = rig.new_command(&entry, "b", json!({"type": 203}));
    urgent.priority = 9;
    commands.submit(&entry, vec![urgent], None).await.unwrap();
    let ids: Vec<_> = commands.poll(&entry, AT_ONCE).await.unwrap().into_iter().map(|row| row.id.0).collect();
    assert_eq!(ids, ["b", "a"], "unconfirmed ones again, by priority");
    assert!(commands.confirm(&entry, &id("a"), Some(1)).await.unwrap().is_won);
    assert_eq!(commands.poll(&entry, AT_ONCE).await.unwrap().len(), 1);
}
