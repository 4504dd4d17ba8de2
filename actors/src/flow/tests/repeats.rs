//! Runs that repeat other runs.
use workbot_schema::commands::state::CommandState;
use workbot_schema::ids::RunId;
use workbot_schema::wire::flow::RunStatus;

use super::rig::{Rig, rule, seed, sent};
use crate::flow::presets::FULL;
use crate::flow::{Effect, RetryFrom, RetryRefusal, Run, RunEvent};

fn finished(intent: &str) -> Rig {
    let mut rig = Rig::preset(FULL);
    let asked = rig.start();
    let asked = rig.intent(&asked, intent, 0.9);
    let effects = match intent {
        "risk" => rig.rules(&asked, vec![rule("r1", &["c1"])]),
        _ => rig.reply(&asked, "旧回复"),
    };
    let command = sent(&effects);
    rig.command(&command, CommandState::Succeeded);
    assert_eq!(rig.run.status, RunStatus::Completed);
    rig
}

fn again(rig: &Rig, from: &RetryFrom) -> Result<Rig, RetryRefusal> {
    let mut seed = seed();
    seed.run_id = RunId::from("run_2");
    let run = Run::retry(&rig.run, from, seed)?;
    Ok(Rig { flow: super::rig::compile(&serde_json::from_str(FULL).unwrap()), run, now: super::rig::at(500) })
}

#[test]
fn from_the_start_nothing_is_kept() {
    let mut rig = again(&finished("service"), &RetryFrom::Start).unwrap();
    assert_eq!((rig.run.context.intent.clone(), rig.run.nodes.len()), (None, 0));
    assert!(matches!(rig.start()[..], [Effect::AskIntent(_)]));
}

#[test]
fn from_a_node_what_came_before_is_kept_and_what_came_after_is_not() {
    let old = finished("service");
    let old_id = old.run.context.send_id.clone();
    let mut rig = again(&old, &RetryFrom::Node("ai_reply".to_owned())).unwrap();
    assert_eq!(rig.run.context.intent.as_deref(), Some("service"));
    assert_eq!((&rig.run.context.ai_response, &rig.run.context.send_id), (&None, &None));
    assert_eq!(rig.path(), ["message_receive", "intent", "decision"]);
    let asked = rig.start();
    let command = sent(&rig.reply(&asked, "新回复"));
    assert_eq!(command.text, "新回复");
    assert_ne!(Some(command.command_id.0.clone()), old_id, "a repeated run sends commands of its own");
    assert_eq!(rig.command(&command, CommandState::Succeeded), [Effect::Finished]);
    assert_eq!((rig.run.status, rig.path().len()), (RunStatus::Completed, 8));
    let visits: Vec<u32> = rig.run.nodes.iter().map(|node| node.visit).collect();
    assert_eq!(visits, (1..=8).collect::<Vec<_>>());
}

#[test]
fn from_a_node_of_the_alert_path_the_alert_is_kept() {
    let old = finished("risk");
    let mut rig = again(&old, &RetryFrom::Node("execute_notification".to_owned())).unwrap();
    let effects = rig.start();
    assert!(matches!(effects[..], [Effect::Notify(_), Effect::Submit(_)]), "{effects:?}");
    assert_eq!(rig.run.context.alert_id, old.run.context.alert_id);
    let mut rig = again(&old, &RetryFrom::Node("intent".to_owned())).unwrap();
    let asked = rig.start();
    let asked = rig.intent(&asked, "service", 1.0);
    assert!(matches!(&asked[..], [Effect::AskReply(ask)] if !ask.is_alert), "{asked:?}");
}

#[test]
fn from_the_failed_node() {
    let mut old = Rig::preset(FULL);
    let asked = old.start();
    let asked = old.intent(&asked, "service", 0.9);
    let asked = old.no_reply(&asked, &["a"]);
    assert_eq!(again(&old, &RetryFrom::Failed).err(), Some(RetryRefusal::StillRunning));
    old.no_reply(&asked, &["b"]);
    assert_eq!(old.run.status, RunStatus::Failed);
    let loaded = old.run.clone();
    old.run = Run::restore(loaded.context, loaded.state, loaded.nodes, loaded.status, None);
    let mut rig = again(&old, &RetryFrom::Failed).unwrap();
    let asked = rig.start();
    assert!(
        matches!(&asked[..], [Effect::AskReply(ask)] if ask.excluded.is_empty()),
        "a new turn: {asked:?}"
    );
    assert_eq!(rig.run.context.intent.as_deref(), Some("service"));
}

#[test]
fn what_cannot_be_repeated_is_said() {
    let old = finished("service");
    assert_eq!(again(&old, &RetryFrom::Failed).err(), Some(RetryRefusal::NothingFailed));
    assert_eq!(again(&old, &RetryFrom::Node("alert_save".to_owned())).err(), Some(RetryRefusal::NotVisited));
    let mut stopped = Rig::preset(FULL);
    stopped.start();
    stopped.step(RunEvent::Stop { code: "crashed".to_owned(), message: String::new() });
    assert_eq!(
        again(&stopped, &RetryFrom::Failed).unwrap().path(),
        ["message_receive"],
        "goes on with the intent"
    );
    let read = ["start", "failed", "ai_reply"].map(RetryFrom::read);
    assert_eq!(read, [RetryFrom::Start, RetryFrom::Failed, RetryFrom::Node("ai_reply".to_owned())]);
}
