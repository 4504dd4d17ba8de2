//! Whatever flow and whatever happens: no panic, an end within a hundred nodes, and the same again when it is repeated.
use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use workbot_schema::commands::state::CommandState;
use workbot_schema::wire::flow::{
    FlowDefinition, NodeRecord, NodeStatus, ProblemCode, RunStatus, StandardContext,
};

use super::rig::{Rig, at, failure, flow, report, rule, seed};
use crate::flow::{
    CommandNews, CompiledFlow, Effect, IntentOutcome, ReplyOutcome, Run, RunEvent, RunState, VISITS_MAX,
    Visit, check_expressions, validate,
};

/// Chance, from bytes that proptest makes small when a case fails.
struct Dice<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Dice<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    fn roll(&mut self, sides: usize) -> usize {
        usize::from(*self.bytes.next().unwrap_or(&0)) % sides.max(1)
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len())].clone()
    }
}

const TYPES: [&str; 9] = [
    "decision",
    "intent",
    "ai_reply",
    "message_dispatch",
    "send_command",
    "command_status",
    "alert_save",
    "alert_rule",
    "execute_notification",
];
const CONDITIONS: [&str; 5] =
    ["true", "false", "intent == 'risk'", "intentConfidence > 0.5", "size(executionPath) % 3 == 0"];

/// A flow that can be published: every node is entered from an earlier one and leads to a later one; only decisions go back.
fn sound_flow(dice: &mut Dice<'_>) -> Value {
    let count = 3 + dice.roll(9);
    let kinds: Vec<&str> = (0..count).map(|_| dice.of(&TYPES)).collect();
    let name = |place: usize| if place == 0 { "message_receive".to_owned() } else { format!("n{place}") };
    let last = count + 1;
    let mut edges: Vec<String> = Vec::new();
    let mut nodes = vec![("message_receive".to_owned(), json!({}))];
    let kind = |place: usize| (1..=count).contains(&place).then(|| kinds[place - 1]);
    for (place, node_type) in (1..).zip(&kinds) {
        let mut more = json!({"retries": dice.roll(3)});
        match dice.roll(6) {
            0 => more["timeoutMs"] = json!(500 * (1 + dice.roll(9))),
            1 => more["onError"] = json!(if place == count { "end".to_owned() } else { name(place + 1) }),
            2 => more["join"] = json!("any"),
            _ => {}
        }
        if *node_type == "ai_reply" {
            more["config"] =
                dice.of(&[json!({}), json!({"fixedReply": "好"}), json!({"templateCategory": "x"})]);
        }
        nodes.push((format!("n{place}:{node_type}"), more));
    }
    nodes.push(("end".to_owned(), if dice.roll(2) == 0 { json!({}) } else { json!({"join": "any"}) }));
    for place in 0..=count {
        let next = if place == count { "end".to_owned() } else { name(place + 1) };
        let is_decision = kind(place) == Some("decision");
        edges.push(format!("{}>{next}{}", name(place), if is_decision { "!" } else { "" }));
        for _ in 0..dice.roll(3) {
            let further = place + 1 + dice.roll(last - place);
            let further = if further >= last { "end".to_owned() } else { name(further) };
            let condition = dice.of(&CONDITIONS);
            edges.push(match (is_decision, dice.roll(2)) {
                (true, 0) => format!("{}>{}?{condition}", name(place), name(1 + dice.roll(place))),
                (true, _) | (false, 0) => format!("{}>{further}?{condition}", name(place)),
                (false, _) => format!("{}>{further}", name(place)),
            });
        }
    }
    let mut seen = HashSet::new();
    edges.retain(|edge| seen.insert(edge.clone()));
    let nodes: Vec<(&str, Value)> = nodes.iter().map(|(name, more)| (name.as_str(), more.clone())).collect();
    flow(&nodes, &edges.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What the world may do next: answer something that was asked, now or before; tell of a command; let time pass.
fn next_event(dice: &mut Dice<'_>, asked: &[Effect], commands: &[CommandNews]) -> RunEvent {
    match dice.roll(8) {
        0 => return RunEvent::Due,
        1 => return RunEvent::Resume,
        2 if !commands.is_empty() => {
            return RunEvent::Command(CommandNews { state: dice.of(CommandState::ALL), ..dice.of(commands) });
        }
        _ => {}
    }
    if asked.is_empty() {
        return RunEvent::Due;
    }
    let newest = asked.len() - 1 - dice.roll(asked.len().min(3));
    let is_failed = dice.roll(4) == 0;
    let models = ["a", "b", "c"];
    match &asked[newest] {
        Effect::AskIntent(ask) => {
            let outcome = IntentOutcome {
                intent: dice.of(&["risk", "service", ""]).to_owned(),
                confidence: f64::from(u8::try_from(dice.roll(11)).unwrap()) / 10.0,
                report: report("a"),
            };
            let outcome = if is_failed { Err(failure(&[dice.of(&models)])) } else { Ok(outcome) };
            RunEvent::Intent { at: ask.at.clone(), outcome }
        }
        Effect::AskReply(ask) => {
            let text = dice.of(&["好", "", " "]).to_owned();
            let outcome = ReplyOutcome { text, report: report(dice.of(&models)), ..Default::default() };
            let outcome = if is_failed { Err(failure(&[dice.of(&models)])) } else { Ok(outcome) };
            RunEvent::Reply { at: ask.at.clone(), outcome }
        }
        Effect::RenderTemplate(ask) => {
            RunEvent::Template { at: ask.at.clone(), text: (!is_failed).then(|| "模板".to_owned()) }
        }
        Effect::EvaluateRules(ask) => {
            RunEvent::Rules { at: ask.at.clone(), matched: vec![rule("r", &["c"])] }
        }
        other => panic!("not asked: {other:?}"),
    }
}

fn is_ask(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::AskIntent(_) | Effect::AskReply(_) | Effect::RenderTemplate(_) | Effect::EvaluateRules(_)
    )
}

/// The run as it comes back from the store.
fn stored(run: &Run) -> Run {
    fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }
    let context: StandardContext = again(&run.context);
    let (state, nodes): (RunState, Vec<NodeRecord>) = (again(&run.state), again(&run.nodes));
    Run::restore(context, state, nodes, run.status, run.error.clone())
}

fn check(run: &Run, effects: &[Effect]) -> Result<(), TestCaseError> {
    prop_assert!(run.state.visits <= VISITS_MAX && run.context.execution_path.len() <= 100);
    prop_assert_eq!(run.nodes.len(), run.context.execution_path.len());
    prop_assert!(run.state.tokens.len() <= 100);
    let finished = effects.iter().filter(|effect| **effect == Effect::Finished).count();
    prop_assert_eq!(finished, usize::from(run.status.is_final()));
    prop_assert!(finished == 0 || effects.last() == Some(&Effect::Finished));
    prop_assert_eq!(run.status.is_final(), run.state.tokens.is_empty());
    prop_assert_eq!(run.error.is_some(), run.status == RunStatus::Failed);
    let open =
        run.nodes.iter().filter(|node| matches!(node.status, NodeStatus::Running | NodeStatus::Waiting));
    prop_assert!(open.count() <= run.state.tokens.len());
    prop_assert!(run.status != RunStatus::Waiting || run.due_at().is_some());
    for effect in effects {
        if let Effect::Submit(command) = effect {
            prop_assert!(!command.text.trim().is_empty() && !command.target.is_empty());
        }
    }
    Ok(())
}

/// What happened, when, and what came of it.
type History = Vec<(RunEvent, i64, Vec<Effect>)>;

/// Drives a run to its end; every step goes through the store first.
fn drive(flow: &CompiledFlow, dice: &mut Dice<'_>) -> Result<(History, Run), TestCaseError> {
    let (mut run, mut asked, mut commands) = (Run::new(seed()), Vec::new(), Vec::new());
    let (mut history, mut secs) = (Vec::new(), 0);
    let mut event = RunEvent::Start;
    for turn in 0_i64.. {
        prop_assert!(turn < 2_000, "the run does not end");
        run = stored(&run);
        let effects = run.step(flow, event.clone(), at(secs));
        check(&run, &effects)?;
        asked.extend(effects.iter().filter(|effect| is_ask(effect)).cloned());
        for effect in &effects {
            if let Effect::Submit(command) = effect {
                let send_id = command.command_id.clone();
                commands.push(CommandNews {
                    send_id,
                    state: CommandState::Queued,
                    error_code: None,
                    error_reason: None,
                });
            }
        }
        history.push((event, secs, effects));
        if run.status.is_final() {
            break;
        }
        let is_patient = turn < 300;
        secs += if is_patient { i64::try_from(dice.roll(4)).unwrap() } else { 1_000 };
        event = if is_patient { next_event(dice, &asked, &commands) } else { RunEvent::Due };
    }
    let ids: HashSet<&str> = commands.iter().map(|news| news.send_id.as_str()).collect();
    prop_assert_eq!(ids.len(), commands.len());
    Ok((history, run))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_sound_flow_ends_and_is_the_same_again(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let mut dice = Dice::new(&bytes);
        let definition: FlowDefinition = serde_json::from_value(sound_flow(&mut dice)).unwrap();
        let flow = CompiledFlow::compile(definition).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        let (history, end) = drive(&flow, &mut dice)?;
        let mut again = Run::new(seed());
        for (event, secs, answer) in history {
            prop_assert_eq!(again.step(&flow, event, at(secs)), answer);
        }
        again.take_new_nodes();
        let mut end = end;
        end.take_new_nodes();
        prop_assert_eq!(again, end);
    }

    #[test]
    fn no_definition_breaks_the_validator(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut dice = Dice::new(&bytes);
        let ids = ["a", "b", "c", "d", "e", "f", ""];
        let types = [&TYPES[..], &["message_receive", "end", "nonsense"][..]].concat();
        let node = |dice: &mut Dice<'_>| json!({
            "id": dice.of(&ids), "type": dice.of(&types), "timeoutMs": dice.roll(3), "retries": dice.roll(20),
            "onError": dice.of(&ids), "join": dice.of(&[json!("all"), json!("any"), Value::Null]),
            "config": dice.of(&[json!({}), json!(3), json!({"target": 5}), json!({"x": 1}), Value::Null]),
        });
        let edge = |dice: &mut Dice<'_>| json!({
            "from": dice.of(&ids), "to": dice.of(&ids), "otherwise": dice.roll(3) == 0,
            "condition": dice.of(&[Value::Null, json!(""), json!("intent"), json!("(("), json!("x.y.z")]),
        });
        let nodes: Vec<Value> = (0..dice.roll(9)).map(|_| node(&mut dice)).collect();
        let edges: Vec<Value> = (0..dice.roll(20)).map(|_| edge(&mut dice)).collect();
        let definition: FlowDefinition = serde_json::from_value(json!({"nodes": nodes, "edges": edges})).unwrap();
        let problems = validate(&definition);
        for problem in check_expressions(&definition) {
            prop_assert!(problem.code.refuses_draft() && problems.contains(&problem));
        }
        let compiled = CompiledFlow::compile(definition);
        prop_assert_eq!(compiled.is_err(), !problems.is_empty());
    }

    #[test]
    fn a_stranger_s_answer_changes_nothing(number in any::<u32>(), attempt in 2..u32::MAX, node in "[a-z_]{0,12}") {
        let mut rig = Rig::preset(crate::flow::presets::FULL);
        rig.start();
        let before = rig.run.clone();
        let at = Visit { node_id: node, number, attempt };
        let reply = ReplyOutcome { text: "x".to_owned(), ..Default::default() };
        prop_assert_eq!(rig.step(RunEvent::Reply { at: at.clone(), outcome: Ok(reply) }), vec![]);
        prop_assert_eq!(rig.step(RunEvent::Intent { at: at.clone(), outcome: Ok(IntentOutcome::default()) }), vec![]);
        prop_assert_eq!(rig.step(RunEvent::Template { at: at.clone(), text: None }), vec![]);
        prop_assert_eq!(rig.step(RunEvent::Rules { at, matched: vec![] }), vec![]);
        prop_assert_eq!(&rig.run, &before);
    }
}

#[test]
fn a_compiled_flow_is_shared_between_threads() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<CompiledFlow>();
    is_shared::<Run>();
}

#[test]
fn a_flow_of_ten_thousand_nodes_is_refused_without_a_look_at_it() {
    let nodes: Vec<Value> =
        (0..10_000).map(|place| json!({"id": format!("n{place}"), "type": "intent"})).collect();
    let definition: FlowDefinition = serde_json::from_value(json!({"nodes": nodes})).unwrap();
    for problems in [validate(&definition), check_expressions(&definition)] {
        assert_eq!(
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
            [ProblemCode::TooManyNodes]
        );
    }
}
