//! Pure: joins that wait for branches of which only one is ever taken.
//!
//! A node without a word on joining waits for what can still come, so it is never stuck. One that says `all` and stands where
//! exclusive branches meet says something it does not mean; that is refused instead of guessed at.
use workbot_schema::wire::flow::{JoinRule, NodeType, Problem, ProblemCode};

use super::super::draft::{Draft, DraftEdge};
use super::super::links::{Links, Places};

/// With more incoming edges than this each is held against the first only.
const PAIRS_MAX: usize = 16;

/// Every join that can never get all.
pub fn problems(draft: &Draft<'_>) -> Vec<Problem> {
    let links = Links::new(draft.nodes.len(), draft.ways());
    let nodes = draft.definition.nodes.iter().enumerate();
    let joins = nodes.filter(|(_, node)| node.join == Some(JoinRule::All));
    let stuck = joins.filter(|(place, _)| !can_complete(draft, &links, *place));
    let told = stuck.map(|(_, node)| {
        let message =
            format!("节点“{}”的 join 为 all，但它的入口分支不可能全部到达；互斥分支汇合请用 any", node.id);
        Problem::of_node(&node.id, ProblemCode::JoinNeverComplete, message)
    });
    told.collect()
}

/// A way from node to node; an edge, or `onError`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Edge(usize),
    OnError(usize),
}

fn can_complete(draft: &Draft<'_>, links: &Links, join: usize) -> bool {
    let edges = draft.edges.iter().enumerate().filter(|(_, edge)| edge.to == Some(join));
    let edges = edges.filter_map(|(index, edge)| Some((Way::Edge(index), edge.from?)));
    let errors = draft.nodes.iter().enumerate().filter(|(_, node)| node.on_error == Some(join));
    let errors = errors.map(|(place, _)| (Way::OnError(place), place));
    let entries: Vec<Vec<bool>> = edges
        .chain(errors)
        .map(|(way, from)| leading(draft, join, way, &links.backward(&[from], Some(join))))
        .collect();
    let reach = if entries.len() > PAIRS_MAX { 1 } else { entries.len() };
    entries
        .iter()
        .take(reach)
        .enumerate()
        .all(|(number, one)| entries.iter().skip(number + 1).all(|other| are_parallel(draft, one, other)))
}

/// For each edge, whether it leads to the join by this way in and not by another.
fn leading(draft: &Draft<'_>, join: usize, way: Way, before: &Places) -> Vec<bool> {
    let leads = |(index, edge): (usize, &DraftEdge)| {
        way == Way::Edge(index) || edge.to.is_some_and(|to| to != join && before.has(to))
    };
    draft.edges.iter().enumerate().map(leads).collect()
}

/// Somewhere before the join one node goes two ways at once, one to each entry.
fn are_parallel(draft: &Draft<'_>, one: &[bool], other: &[bool]) -> bool {
    let splits = (0..draft.nodes.len()).filter(|place| draft.node_type(*place) != Some(NodeType::Decision));
    let leads = |entry: &[bool], index: usize| entry.get(index).copied().unwrap_or_default();
    splits.into_iter().any(|place| {
        let (mut first, mut second) = (Pair::default(), Pair::default());
        for (index, edge) in draft.leaving(place) {
            let is_plain = !edge.is_conditional && !edge.is_otherwise;
            let (to_one, to_other) = (leads(one, index), leads(other, index));
            first.count(to_one && is_plain, to_other);
            second.count(to_one, to_other && is_plain);
        }
        first.has_two() || second.has_two()
    })
}

/// Edges that lead to the one, to the other, and to any of both.
#[derive(Default)]
struct Pair {
    one: usize,
    other: usize,
    any: usize,
}

impl Pair {
    fn count(&mut self, to_one: bool, to_other: bool) {
        self.one += usize::from(to_one);
        self.other += usize::from(to_other);
        self.any += usize::from(to_one || to_other);
    }

    /// One for each, and not the same.
    fn has_two(&self) -> bool {
        self.one > 0 && self.other > 0 && self.any > 1
    }
}
