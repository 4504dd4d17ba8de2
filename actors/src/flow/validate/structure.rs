//! Pure: start, end, ways, circles and choices of a flow.
use workbot_schema::wire::flow::{NodeType, Problem, ProblemCode};

use super::super::draft::Draft;
use super::super::links::Links;

/// What is wrong with how the nodes are connected.
pub fn problems(draft: &Draft<'_>) -> Vec<Problem> {
    let links = Links::new(draft.nodes.len(), draft.ways());
    let mut problems = reach(draft, &links);
    problems.extend(circles(draft, &links));
    for place in 0..draft.nodes.len() {
        problems.extend(choices(draft, place));
    }
    problems
}

fn of_type(draft: &Draft<'_>, node_type: NodeType) -> Vec<usize> {
    (0..draft.nodes.len()).filter(|place| draft.node_type(*place) == Some(node_type)).collect()
}

/// One start; every node behind it and before an end.
fn reach(draft: &Draft<'_>, links: &Links) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |place: usize, code, message: &str| {
        let id = draft.id(place);
        problems.push(Problem::of_node(id, code, message.replace("{}", id)));
    };
    let (starts, ends) = (of_type(draft, NodeType::MessageReceive), of_type(draft, NodeType::End));
    for place in starts.iter().skip(1) {
        refuse(*place, ProblemCode::SeveralStarts, "只能有一个消息接收节点，“{}”是多余的");
    }
    let found = starts.first().map(|start| links.onward(&[*start]));
    let is_end_found = found.as_ref().is_none_or(|found| ends.iter().any(|end| found.has(*end)));
    let before_end = links.backward(&ends, None);
    for place in 0..draft.nodes.len() {
        let is_end = ends.contains(&place);
        match &found {
            Some(found) if !found.has(place) && is_end && !is_end_found => {
                refuse(place, ProblemCode::UnreachableEnd, "从消息接收节点无法到达结束节点“{}”");
            }
            Some(found) if !found.has(place) && !starts.contains(&place) => {
                refuse(place, ProblemCode::UnreachableNode, "节点“{}”从消息接收节点无法到达");
            }
            Some(found) if found.has(place) && is_end_found && !ends.is_empty() && !before_end.has(place) => {
                refuse(place, ProblemCode::DeadNode, "节点“{}”之后无法到达结束节点");
            }
            _ => {}
        }
    }
    if starts.is_empty() {
        problems.push(Problem::of_flow(ProblemCode::NoStart, "缺少消息接收节点（message_receive）"));
    }
    if ends.is_empty() {
        problems.push(Problem::of_flow(ProblemCode::NoEnd, "缺少结束节点（end）"));
    }
    problems
}

/// A circle needs a decision in it, else nothing can leave it.
fn circles(draft: &Draft<'_>, links: &Links) -> Vec<Problem> {
    let circles = links.circles(|place| draft.node_type(place) != Some(NodeType::Decision));
    let told = circles.iter().filter_map(|circle| {
        let first = draft.id(*circle.first()?);
        let names: Vec<&str> = circle.iter().map(|place| draft.id(*place)).chain([first]).collect();
        let message = format!("循环中没有决策节点：{}", names.join(" → "));
        Some(Problem::of_node(first, ProblemCode::CycleWithoutDecision, message))
    });
    told.collect()
}

/// The edges that leave a node: conditions, otherwise, and neither.
fn choices(draft: &Draft<'_>, place: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let id = draft.id(place);
    let (mut conditional, mut otherwise, mut plain) = (0_usize, 0_usize, 0_usize);
    for (index, edge) in draft.leaving(place) {
        let mut refuse = |code, message: &str| {
            problems.push(Problem::of_edge(draft.edge_name(index), code, message.replace("{}", id)));
        };
        match (edge.is_conditional, edge.is_otherwise) {
            (true, _) => conditional += 1,
            (false, true) => otherwise += 1,
            (false, false) => plain += 1,
        }
        match draft.node_type(place) {
            Some(NodeType::End) => refuse(ProblemCode::EdgeAfterEnd, "结束节点“{}”之后不能再有连线"),
            Some(NodeType::Decision) if !edge.is_conditional && !edge.is_otherwise => {
                refuse(ProblemCode::EdgeWithoutCondition, "决策节点“{}”的每条连线都要有条件或为“否则”");
            }
            _ => {}
        }
    }
    let is_decision = draft.node_type(place) == Some(NodeType::Decision);
    let can_be_stuck = conditional > 0 && plain == 0;
    if otherwise == 0 && (is_decision || can_be_stuck) {
        let message = format!("节点“{id}”缺少“否则”分支");
        problems.push(Problem::of_node(id, ProblemCode::MissingOtherwise, message));
    }
    if otherwise > 1 {
        let message = format!("节点“{id}”有多个“否则”分支");
        problems.push(Problem::of_node(id, ProblemCode::SeveralOtherwise, message));
    }
    problems
}
