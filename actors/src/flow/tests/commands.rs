//! Waiting for the result of a command.
use serde_json::json;
use workbot_schema::commands::state::CommandState;
use workbot_schema::wire::flow::{NodeStatus, RunStatus};

use super::rig::{Rig, flow, sent};
use crate::flow::{CommandNews, Effect, RunEvent, Submission};

fn waiting(more: serde_json::Value) -> (Rig, Submission) {
    let nodes = [
        ("message_receive", json!({})),
        ("ai_reply", json!({"config": {"fixedReply": "好"}})),
        ("send_command", json!({})),
        ("command_status", more),
        ("alert_save", json!({})),
        ("end", json!({})),
    ];
    let edges = [
        "message_receive>ai_reply",
        "ai_reply>send_command",
        "send_command>command_status",
        "command_status>end",
        "command_status>alert_save?false",
        "alert_save>end",
    ];
    let mut rig = Rig::new(&flow(&nodes, &edges));
    let command = sent(&rig.start());
    (rig, command)
}

#[test]
fn a_result_ends_the_wait() {
    let states = [
        (CommandState::Succeeded, "succeeded"),
        (CommandState::Partial, "partial"),
        (CommandState::Failed, "failed"),
        (CommandState::Expired, "expired"),
        (CommandState::Cancelled, "cancelled"),
        (CommandState::Unknown, "unknown"),
    ];
    for (state, word) in states {
        let (mut rig, command) = waiting(json!({}));
        assert_eq!(
            (rig.run.status, rig.record("command_status").status),
            (RunStatus::Waiting, NodeStatus::Waiting)
        );
        assert_eq!(rig.command(&command, state), [Effect::Finished]);
        assert_eq!(
            (rig.run.status, rig.run.context.command_status.as_deref()),
            (RunStatus::Completed, Some(word))
        );
        assert_eq!(rig.record("command_status").output["status"], word);
    }
}

#[test]
fn no_result_in_time_is_unknown_and_the_run_completes() {
    let (mut rig, command) = waiting(json!({"config": {"waitSecs": 30}}));
    assert_eq!(rig.run.due_at(), Some(super::rig::at(30)));
    rig.wait(29);
    assert_eq!(rig.step(RunEvent::Due), []);
    rig.wait(1);
    assert_eq!(rig.step(RunEvent::Due), [Effect::Finished]);
    assert_eq!((rig.run.status, &rig.run.error), (RunStatus::Completed, &None));
    assert_eq!(rig.record("command_status").output["status"], "unknown");
    assert_eq!(rig.record("command_status").duration_ms, 30_000);
    assert_eq!(rig.command(&command, CommandState::Succeeded), [], "a late result changes nothing");
}

#[test]
fn results_of_strangers_and_steps_on_the_way_do_not_end_the_wait() {
    let (mut rig, command) = waiting(json!({}));
    for state in [CommandState::Queued, CommandState::Sent, CommandState::Confirmed] {
        assert_eq!((rig.command(&command, state), rig.run.status), (vec![], RunStatus::Waiting));
    }
    assert_eq!(rig.run.context.command_status.as_deref(), Some("confirmed"));
    let mut stranger = command;
    stranger.command_id = "cmd_other".into();
    assert_eq!(
        (rig.command(&stranger, CommandState::Succeeded), rig.run.status),
        (vec![], RunStatus::Waiting)
    );
    assert_eq!(rig.run.state.commands.len(), 1);
}

#[test]
fn a_failed_command_can_lead_elsewhere() {
    let (mut rig, command) = waiting(json!({"onError": "alert_save"}));
    let effects = rig.step(RunEvent::Command(CommandNews {
        send_id: command.command_id,
        state: CommandState::Failed,
        error_code: Some(201_101),
        error_reason: Some("查找聊天窗失败".to_owned()),
    }));
    assert!(matches!(effects[..], [Effect::SaveAlert(_), Effect::Finished]), "{effects:?}");
    let record = rig.record("command_status");
    assert_eq!((record.status, &record.output["errorCode"]), (NodeStatus::Failed, &json!(201_101)));
    assert_eq!(rig.run.status, RunStatus::Completed);
}

#[test]
fn a_node_time_out_before_the_wait_ends_is_a_failure() {
    let (mut rig, _) = waiting(json!({"timeoutMs": 1_000}));
    rig.wait(1);
    assert_eq!(rig.step(RunEvent::Due), [Effect::Finished]);
    assert_eq!((rig.run.status, rig.code()), (RunStatus::Failed, Some("node_timeout")));
}

#[test]
fn nothing_is_waited_for_when_the_node_says_so_or_nothing_was_sent() {
    let (rig, _) = waiting(json!({"config": {"waitSecs": 0}}));
    assert_eq!(
        (rig.run.status, &rig.record("command_status").output["status"]),
        (RunStatus::Completed, &json!("pending"))
    );
    let nodes = [("message_receive", json!({})), ("command_status", json!({})), ("end", json!({}))];
    let mut rig = Rig::new(&flow(&nodes, &["message_receive>command_status", "command_status>end"]));
    assert_eq!(rig.start(), [Effect::Finished]);
    assert_eq!(rig.record("command_status").output["status"], "none");
}
