//! Pure: a flow made ready to run.
use std::collections::HashMap;

use chrono::TimeDelta;
use workbot_schema::wire::flow::{FlowDefinition, JoinRule, NodeConfig, NodeType, Problem};

use super::draft::{Draft, too_large};
use super::expression::Expression;
use super::links::{Links, Places};
use super::validate::judge;

/// A flow that was validated and compiled once; shared by all its runs.
#[derive(Debug)]
pub struct CompiledFlow {
    definition: FlowDefinition,
    nodes: Vec<CompiledNode>,
    places: HashMap<String, usize>,
    start: usize,
}

/// A node made ready to run.
#[derive(Debug)]
pub struct CompiledNode {
    /// Id.
    pub id: String,
    /// Type.
    pub node_type: NodeType,
    /// Name people read.
    pub name: String,
    /// Settings.
    pub config: NodeConfig,
    /// What it waits for, when several ways lead to it.
    pub join: Option<JoinRule>,
    /// How long it waits for an answer, when it says so.
    pub timeout: Option<TimeDelta>,
    /// How often it is tried again.
    pub retries: u32,
    /// Where it goes on after a failure.
    pub on_error: Option<usize>,
    /// The edges that leave it, in the order of the definition.
    pub ways: Vec<Way>,
    behind: Places,
}

/// An edge made ready to run.
#[derive(Debug)]
pub struct Way {
    /// Its place in the definition.
    pub edge: usize,
    /// Where it leads.
    pub to: usize,
    /// When it is taken.
    pub rule: WayRule,
}

/// When an edge is taken.
#[derive(Debug)]
pub enum WayRule {
    /// Always.
    Always,
    /// When it is the first of its node that is true.
    When(Expression),
    /// When no condition of its node is true.
    Otherwise,
}

impl CompiledFlow {
    /// Compiles a flow, or says everything that is wrong with it.
    pub fn compile(definition: FlowDefinition) -> Result<Self, Vec<Problem>> {
        if let Some(problem) = too_large(&definition) {
            return Err(vec![problem]);
        }
        let draft = judge(Draft::read(&definition));
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        let links = Links::new(draft.nodes.len(), draft.ways());
        let mut ways = ways_of(&draft);
        let nodes: Vec<CompiledNode> = definition
            .nodes
            .iter()
            .zip(draft.nodes)
            .enumerate()
            .filter_map(|(place, (node, read))| {
                let node_type = read.node_type?;
                let name = if node.name.trim().is_empty() { node_type.label() } else { &node.name };
                Some(CompiledNode {
                    id: node.id.clone(),
                    node_type,
                    name: name.to_owned(),
                    config: read.config?,
                    join: (links.previous(place).len() > 1).then(|| node.join.unwrap_or_default()),
                    timeout: node.timeout_ms.and_then(TimeDelta::try_milliseconds),
                    retries: node.retries.and_then(|retries| u32::try_from(retries).ok()).unwrap_or_default(),
                    on_error: read.on_error,
                    ways: ways.get_mut(place).map(std::mem::take).unwrap_or_default(),
                    behind: links.after(place),
                })
            })
            .collect();
        let places = nodes.iter().enumerate().map(|(place, node)| (node.id.clone(), place)).collect();
        let start =
            nodes.iter().position(|node| node.node_type == NodeType::MessageReceive).unwrap_or_default();
        Ok(Self { definition, nodes, places, start })
    }

    /// The flow as it was drawn.
    pub fn definition(&self) -> &FlowDefinition {
        &self.definition
    }

    /// Where runs start.
    pub(super) fn start(&self) -> Option<&CompiledNode> {
        self.nodes.get(self.start)
    }

    /// A node by its place.
    pub(super) fn at(&self, place: usize) -> Option<&CompiledNode> {
        self.nodes.get(place)
    }

    /// A node by its id.
    pub(super) fn node(&self, id: &str) -> Option<&CompiledNode> {
        self.places.get(id).and_then(|place| self.nodes.get(*place))
    }

    /// Whether what stands at `from` can come to `to` later.
    pub(super) fn leads(&self, from: &str, to: &str) -> bool {
        match (self.node(from), self.places.get(to)) {
            (Some(node), Some(place)) => node.behind.has(*place),
            _ => false,
        }
    }
}

/// The edges of each node.
fn ways_of(draft: &Draft<'_>) -> Vec<Vec<Way>> {
    let mut ways: Vec<Vec<Way>> = draft.nodes.iter().map(|_| Vec::new()).collect();
    for (index, edge) in draft.edges.iter().enumerate() {
        let rule = match (&edge.condition, edge.is_otherwise) {
            (Some(condition), _) => WayRule::When(condition.clone()),
            (None, true) => WayRule::Otherwise,
            (None, false) => WayRule::Always,
        };
        if let (Some(to), Some(ways)) = (edge.to, edge.from.and_then(|from| ways.get_mut(from))) {
            ways.push(Way { edge: index, to, rule });
        }
    }
    ways
}
