use serde_json::{Value, json};
use workbot_schema::wire::flow::{FlowDefinition, ProblemCode};

use super::*;

/// Code, node, index of the edge.
type Found = (ProblemCode, Option<String>, Option<usize>);

fn found(definition: Value) -> Vec<Found> {
    let definition: FlowDefinition = serde_json::from_value(definition).unwrap();
    let mut found: Vec<Found> = validate(&definition)
        .into_iter()
        .map(|problem| (problem.code, problem.node_id, problem.edge.map(|edge| edge.index)))
        .collect();
    found.sort_by_key(|(code, node, edge)| (code.as_str(), node.clone(), *edge));
    found
}

fn node(id: &str, node_type: &str) -> Value {
    json!({"id": id, "type": node_type})
}

fn edge(from: &str, to: &str) -> Value {
    json!({"from": from, "to": to})
}

/// Start → reply → end, with more nodes and edges.
fn around(nodes: &[Value], edges: &[Value]) -> Value {
    let mut all = vec![node("start", "message_receive"), node("reply", "ai_reply"), node("end", "end")];
    all.extend_from_slice(nodes);
    let mut ways = vec![edge("start", "reply"), edge("reply", "end")];
    ways.extend_from_slice(edges);
    json!({"id": "f", "name": "f", "version": 1, "nodes": all, "edges": ways})
}

fn at_node(code: ProblemCode, id: &str) -> Found {
    (code, Some(id.to_owned()), None)
}

fn at_edge(code: ProblemCode, from: &str, index: usize) -> Found {
    (code, Some(from.to_owned()), Some(index))
}

#[test]
fn a_sound_flow_has_no_problem() {
    assert_eq!(found(around(&[], &[])), []);
}

#[test]
fn start_and_end() {
    use ProblemCode as P;
    assert_eq!(found(json!({})), [(P::NoEnd, None, None), (P::NoStart, None, None)]);
    let no_start = json!({"nodes": [node("a", "ai_reply"), node("end", "end")], "edges": [edge("a", "end")]});
    assert_eq!(found(no_start), [(P::NoStart, None, None)]);
    let no_end = json!({"nodes": [node("s", "message_receive")], "edges": []});
    assert_eq!(found(no_end), [(P::NoEnd, None, None)]);
    let two = around(&[node("second", "message_receive")], &[edge("second", "end")]);
    assert_eq!(found(two), [at_node(P::SeveralStarts, "second")]);
    let apart = json!({"nodes": [node("s", "message_receive"), node("a", "intent"), node("e", "end")], "edges": [edge("s", "a")]});
    assert_eq!(found(apart), [at_node(P::UnreachableEnd, "e")]);
}

#[test]
fn ways_that_lead_nowhere() {
    use ProblemCode as P;
    let orphan = around(&[node("lost", "intent")], &[edge("lost", "end")]);
    assert_eq!(found(orphan), [at_node(P::UnreachableNode, "lost")]);
    let dead = around(&[node("dead", "intent")], &[edge("start", "dead")]);
    assert_eq!(found(dead), [at_node(P::DeadNode, "dead")]);
    let nowhere = around(&[], &[edge("reply", "ghost"), edge("spirit", "end")]);
    assert_eq!(
        found(nowhere),
        [at_edge(P::EdgeToNowhere, "reply", 2), at_edge(P::EdgeToNowhere, "spirit", 3)]
    );
    let after = around(&[], &[edge("end", "reply")]);
    assert!(found(after).contains(&at_edge(P::EdgeAfterEnd, "end", 2)));
    let twice = around(&[], &[edge("start", "reply")]);
    assert_eq!(found(twice), [at_edge(P::DuplicateEdge, "start", 2)]);
    let error = around(
        &[
            json!({"id": "x", "type": "intent", "onError": "ghost"}),
            json!({"id": "y", "type": "intent", "onError": "y"}),
        ],
        &[edge("start", "x"), edge("x", "y"), edge("y", "end")],
    );
    assert_eq!(found(error), [at_node(P::BadOnError, "x"), at_node(P::BadOnError, "y")]);
    let by_error = around(
        &[json!({"id": "x", "type": "intent", "onError": "z"}), node("z", "ai_reply")],
        &[edge("start", "x"), edge("x", "end"), edge("z", "end")],
    );
    assert_eq!(found(by_error), [], "onError is a way");
}

#[test]
fn names_types_and_settings() {
    use ProblemCode as P;
    let same = around(&[node("reply", "intent")], &[]);
    assert!(found(same).contains(&at_node(P::DuplicateNode, "reply")));
    let table = [
        (json!({"type": "magic"}), P::UnknownType),
        (json!({"type": ""}), P::UnknownType),
        (json!({"type": "intent", "timeout": 5}), P::UnknownKey),
        (json!({"type": "intent", "config": {"modelID": "x"}}), P::UnknownKey),
        (json!({"type": "decision", "config": {"condition": "true"}}), P::UnknownKey),
        (json!({"type": "intent", "config": {"minConfidence": 1.5}}), P::BadConfig),
        (json!({"type": "intent", "config": {"minConfidence": "high"}}), P::BadConfig),
        (json!({"type": "intent", "config": []}), P::BadConfig),
        (json!({"type": "command_status", "config": {"waitSecs": -1}}), P::BadConfig),
        (json!({"type": "alert_save", "config": {"level": "loud"}}), P::BadConfig),
        (json!({"type": "message_dispatch", "config": {"target": "name"}}), P::BadConfig),
        (json!({"type": "alert_rule", "config": {"ruleIds": "all"}}), P::BadConfig),
        (json!({"type": "intent", "timeoutMs": 0}), P::BadTimeout),
        (json!({"type": "intent", "retries": -1}), P::BadRetries),
        (json!({"type": "intent", "retries": 11}), P::BadRetries),
    ];
    for (mut wrong, code) in table {
        wrong["id"] = json!("x");
        let more = if wrong["type"] == "decision" {
            json!({"from": "x", "to": "end", "otherwise": true})
        } else {
            edge("x", "end")
        };
        let found = found(around(&[wrong.clone()], &[edge("start", "x"), more]));
        assert_eq!(found, [at_node(code, "x")], "{wrong}");
    }
    let nameless = around(&[node(" ", "intent")], &[edge("start", " "), edge(" ", "end")]);
    assert_eq!(found(nameless), [at_node(P::BadNodeId, " ")]);
    let blank = json!({"id": "x", "type": "ai_reply", "config": {"modelId": "", "fixedReply": null, "alertReply": false}});
    assert_eq!(found(around(&[blank], &[edge("start", "x"), edge("x", "end")])), []);
}

#[test]
fn circles_need_a_decision() {
    use ProblemCode as P;
    let nodes = [node("a", "intent"), node("b", "ai_reply")];
    let circle = around(&nodes, &[edge("start", "a"), edge("a", "b"), edge("b", "a"), edge("b", "end")]);
    let definition: FlowDefinition = serde_json::from_value(circle.clone()).unwrap();
    assert_eq!(found(circle), [at_node(P::CycleWithoutDecision, "a")]);
    assert!(validate(&definition).iter().any(|problem| problem.message.contains("a → b → a")));
    let itself = around(&[node("a", "intent")], &[edge("start", "a"), edge("a", "a"), edge("a", "end")]);
    assert_eq!(found(itself), [at_node(P::CycleWithoutDecision, "a")]);
    let by_error = around(
        &[node("a", "intent"), json!({"id": "b", "type": "ai_reply", "onError": "a"})],
        &[edge("start", "a"), edge("a", "b"), edge("b", "end")],
    );
    assert_eq!(found(by_error), [at_node(P::CycleWithoutDecision, "a")]);
    let decided = around(
        &[node("a", "intent"), node("d", "decision")],
        &[
            edge("start", "a"),
            edge("a", "d"),
            json!({"from": "d", "to": "a", "condition": "isGroup"}),
            json!({"from": "d", "to": "end", "otherwise": true}),
        ],
    );
    assert_eq!(found(decided), []);
}

#[test]
fn choices_have_a_way_out() {
    use ProblemCode as P;
    let when = |to: &str, condition: &str| json!({"from": "d", "to": to, "condition": condition});
    let otherwise = || json!({"from": "d", "to": "end", "otherwise": true});
    let table: [(&str, Vec<Value>, Vec<Found>); 8] = [
        ("decision", vec![when("reply", " "), otherwise()], vec![at_edge(P::EdgeWithoutCondition, "d", 3)]),
        ("decision", vec![when("end", "true")], vec![at_node(P::MissingOtherwise, "d")]),
        ("decision", vec![edge("d", "end"), otherwise()], vec![at_edge(P::EdgeWithoutCondition, "d", 3)]),
        (
            "decision",
            vec![otherwise(), json!({"from": "d", "to": "reply", "otherwise": true})],
            vec![at_node(P::SeveralOtherwise, "d")],
        ),
        (
            "decision",
            vec![otherwise(), json!({"from": "d", "to": "reply", "otherwise": true, "condition": "true"})],
            vec![at_edge(P::OtherwiseWithCondition, "d", 4)],
        ),
        ("intent", vec![when("end", "true")], vec![at_node(P::MissingOtherwise, "d")]),
        ("intent", vec![when("reply", "true"), edge("d", "end")], vec![]),
        ("intent", vec![when("reply", "true"), otherwise()], vec![]),
    ];
    for (node_type, ways, expected) in table {
        let edges: Vec<Value> = [edge("start", "d")].into_iter().chain(ways.clone()).collect();
        assert_eq!(found(around(&[node("d", node_type)], &edges)), expected, "{node_type} {ways:?}");
    }
}

#[test]
fn a_join_of_all_needs_branches_that_can_all_come() {
    use ProblemCode as P;
    let join = |rule: &str| json!({"id": "meet", "type": "message_dispatch", "join": rule});
    let exclusive = [
        edge("start", "d"),
        json!({"from": "d", "to": "a", "condition": "isGroup"}),
        json!({"from": "d", "to": "b", "otherwise": true}),
        edge("a", "meet"),
        edge("b", "meet"),
        edge("meet", "end"),
    ];
    let nodes = |rule| [node("d", "decision"), node("a", "intent"), node("b", "intent"), join(rule)];
    assert_eq!(found(around(&nodes("all"), &exclusive)), [at_node(P::JoinNeverComplete, "meet")]);
    assert_eq!(found(around(&nodes("any"), &exclusive)), []);
    let mut silent = nodes("all");
    silent[3] = node("meet", "message_dispatch");
    assert_eq!(found(around(&silent, &exclusive)), [], "without a word it waits for what can still come");
    let together =
        [edge("start", "a"), edge("start", "b"), edge("a", "meet"), edge("b", "meet"), edge("meet", "end")];
    let plain = [node("a", "intent"), node("b", "intent"), join("all")];
    assert_eq!(found(around(&plain, &together)), []);
    let direct = [edge("start", "a"), edge("start", "meet"), edge("a", "meet"), edge("meet", "end")];
    assert_eq!(found(around(&[node("a", "intent"), join("all")], &direct)), []);
    let back = [
        edge("start", "meet"),
        edge("meet", "d"),
        json!({"from": "d", "to": "meet", "condition": "isGroup"}),
        json!({"from": "d", "to": "end", "otherwise": true}),
    ];
    let found = found(around(&[node("d", "decision"), join("all")], &back));
    assert_eq!(found, [at_node(P::JoinNeverComplete, "meet")], "what comes back comes too late");
}

#[test]
fn expressions_are_refused_by_edge_also_in_drafts() {
    let wrong = json!({"from": "d", "to": "end", "condition": "nobody == 1"});
    let otherwise = json!({"from": "d", "to": "end", "otherwise": true});
    let definition = around(&[node("d", "decision")], &[edge("start", "d"), wrong, otherwise]);
    assert_eq!(found(definition.clone()), [at_edge(ProblemCode::ExpressionUnknownName, "d", 3)]);
    let mut definition: FlowDefinition = serde_json::from_value(definition).unwrap();
    let [problem] = &check_expressions(&definition)[..] else { panic!("one problem") };
    assert_eq!(
        (problem.code, problem.edge.as_ref().map(|edge| edge.index)),
        (ProblemCode::ExpressionUnknownName, Some(3))
    );
    assert!(problem.message.contains("nobody") && problem.message.contains("d → end"), "{}", problem.message);
    definition.nodes.clear();
    assert_eq!(check_expressions(&definition).len(), 1, "only expressions count");
    definition.edges[3].condition = Some("isGroup".to_owned());
    assert_eq!(check_expressions(&definition), []);
}

#[test]
fn large_flows_are_refused() {
    let chain = |count: usize| {
        let mut nodes: Vec<Value> = (0..count).map(|place| node(&format!("n{place}"), "intent")).collect();
        let mut edges: Vec<Value> =
            (1..count).map(|place| edge(&format!("n{}", place - 1), &format!("n{place}"))).collect();
        nodes[0] = node("n0", "message_receive");
        nodes[count - 1] = node(&format!("n{}", count - 1), "end");
        edges.truncate(count - 1);
        json!({"nodes": nodes, "edges": edges})
    };
    assert_eq!(found(chain(500)), []);
    assert_eq!(found(chain(501)), [(ProblemCode::TooManyNodes, None, None)]);
    let edges: Vec<Value> = (0..1_001).map(|_| edge("a", "b")).collect();
    assert_eq!(found(json!({"edges": edges})), [(ProblemCode::TooManyEdges, None, None)]);
    let condition = format!("isGroup{}", " ".repeat(1_000));
    let edges: Vec<Value> =
        (0..70).map(|_| json!({"from": "a", "to": "b", "condition": condition})).collect();
    assert_eq!(found(json!({"edges": edges})), [(ProblemCode::ExpressionTooLong, None, None)]);
}
