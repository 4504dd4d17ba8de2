//! Pure: a flow as it was read, with what is wrong with each node and edge by itself.
use std::collections::{BTreeMap, HashMap, HashSet};

use workbot_schema::wire::flow::{
    EdgeName, FlowDefinition, FlowEdge, NodeConfig, NodeType, Problem, ProblemCode,
};

use super::expression::{Expression, ExpressionFault, Language};

/// Most nodes of a flow.
pub const NODES_MAX: usize = 500;
/// Most edges of a flow.
pub const EDGES_MAX: usize = 1_000;
/// Longest text of all conditions of a flow together, bytes: parsing costs up to 40 ms a KiB.
pub const CONDITION_BYTES_MAX: usize = 65_536;
/// Longest id of a node, characters.
const ID_CHARS_MAX: usize = 100;
/// Longest wait of a node for an answer, milliseconds.
const TIMEOUT_MS_MAX: i64 = 600_000;
/// Most retries of a node.
const RETRIES_MAX: i64 = 10;

/// A flow as it was read.
#[derive(Debug)]
pub struct Draft<'a> {
    /// Where it was read from.
    pub definition: &'a FlowDefinition,
    /// In the order of the definition.
    pub nodes: Vec<DraftNode>,
    /// In the order of the definition.
    pub edges: Vec<DraftEdge>,
    /// What is wrong so far.
    pub problems: Vec<Problem>,
    leaving: Vec<Vec<usize>>,
}

/// A node as it was read.
#[derive(Debug)]
pub struct DraftNode {
    /// Its type, when there is one.
    pub node_type: Option<NodeType>,
    /// Its settings, when they can be read.
    pub config: Option<NodeConfig>,
    /// Where it goes on after a failure.
    pub on_error: Option<usize>,
}

/// An edge as it was read.
#[derive(Debug)]
pub struct DraftEdge {
    /// The node it leaves.
    pub from: Option<usize>,
    /// The node it enters.
    pub to: Option<usize>,
    /// It has a condition, right or wrong.
    pub is_conditional: bool,
    /// Its condition.
    pub condition: Option<Expression>,
    /// Taken when no condition is true.
    pub is_otherwise: bool,
}

/// The condition of an edge; a form that is left blank says nothing.
pub fn condition_of(edge: &FlowEdge) -> Option<&str> {
    edge.condition.as_deref().filter(|source| !source.trim().is_empty())
}

/// A flow that is too large to look at.
pub fn too_large(definition: &FlowDefinition) -> Option<Problem> {
    let (nodes, edges) = (definition.nodes.len(), definition.edges.len());
    let conditions: usize =
        definition.edges.iter().filter_map(|edge| edge.condition.as_ref()).map(String::len).sum();
    if nodes > NODES_MAX {
        let message = format!("流程最多 {NODES_MAX} 个节点，当前 {nodes} 个");
        return Some(Problem::of_flow(ProblemCode::TooManyNodes, message));
    }
    if edges > EDGES_MAX {
        let message = format!("流程最多 {EDGES_MAX} 条连线，当前 {edges} 条");
        return Some(Problem::of_flow(ProblemCode::TooManyEdges, message));
    }
    if conditions > CONDITION_BYTES_MAX {
        let message = format!("全部条件表达式合计最长 {CONDITION_BYTES_MAX} 字节，当前 {conditions} 字节");
        return Some(Problem::of_flow(ProblemCode::ExpressionTooLong, message));
    }
    None
}

impl<'a> Draft<'a> {
    /// Reads a flow that is not [`too_large`].
    pub fn read(definition: &'a FlowDefinition) -> Self {
        let leaving = vec![Vec::new(); definition.nodes.len()];
        let mut draft =
            Self { definition, nodes: Vec::new(), edges: Vec::new(), problems: Vec::new(), leaving };
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, node) in definition.nodes.iter().enumerate() {
            if places.contains_key(node.id.as_str()) {
                let message = format!("节点编号“{}”重复", node.id);
                draft.problems.push(Problem::of_node(&node.id, ProblemCode::DuplicateNode, message));
            } else {
                places.insert(&node.id, place);
            }
        }
        draft.read_nodes(&places);
        draft.read_edges(&places);
        draft
    }

    /// The id of a node.
    pub fn id(&self, place: usize) -> &'a str {
        self.definition.nodes.get(place).map_or("", |node| node.id.as_str())
    }

    /// Which edge is meant.
    pub fn edge_name(&self, index: usize) -> EdgeName {
        let (from, to) = match self.definition.edges.get(index) {
            Some(edge) => (edge.from.clone(), edge.to.clone()),
            None => Default::default(),
        };
        EdgeName { index, from, to }
    }

    /// The type of a node.
    pub fn node_type(&self, place: usize) -> Option<NodeType> {
        self.nodes.get(place).and_then(|node| node.node_type)
    }

    /// Edges that leave a node, with their places in the definition.
    pub fn leaving(&self, place: usize) -> impl Iterator<Item = (usize, &DraftEdge)> {
        let indexes = self.leaving.get(place).map_or(&[][..], Vec::as_slice);
        indexes.iter().filter_map(|index| Some((*index, self.edges.get(*index)?)))
    }

    /// Every way from node to node, `onError` included.
    pub fn ways(&self) -> impl Iterator<Item = (usize, usize)> {
        let edges = self.edges.iter().filter_map(|edge| Some((edge.from?, edge.to?)));
        let errors = self.nodes.iter().enumerate().filter_map(|(place, node)| Some((place, node.on_error?)));
        edges.chain(errors)
    }

    fn read_nodes(&mut self, places: &BTreeMap<&str, usize>) {
        for (place, node) in self.definition.nodes.iter().enumerate() {
            let mut refuse =
                |code, message: String| self.problems.push(Problem::of_node(&node.id, code, message));
            if node.id.trim().is_empty() || node.id.chars().count() > ID_CHARS_MAX {
                refuse(ProblemCode::BadNodeId, format!("节点编号应为 1 到 {ID_CHARS_MAX} 个字符"));
            }
            let node_type = NodeType::parse(&node.node_type);
            if node_type.is_none() {
                let name: String = node.node_type.chars().take(64).collect();
                refuse(ProblemCode::UnknownType, format!("节点“{}”的类型“{name}”不存在", node.id));
            }
            for key in node.unknown.keys() {
                refuse(ProblemCode::UnknownKey, format!("节点“{}”有未知的字段 {key}", node.id));
            }
            if node.timeout_ms.is_some_and(|timeout| !(1..=TIMEOUT_MS_MAX).contains(&timeout)) {
                let message = format!("节点“{}”的 timeoutMs 应在 1 到 {TIMEOUT_MS_MAX} 之间", node.id);
                refuse(ProblemCode::BadTimeout, message);
            }
            if node.retries.is_some_and(|retries| !(0..=RETRIES_MAX).contains(&retries)) {
                let message = format!("节点“{}”的 retries 应在 0 到 {RETRIES_MAX} 之间", node.id);
                refuse(ProblemCode::BadRetries, message);
            }
            let named = node.on_error.as_deref().filter(|target| !target.is_empty());
            let on_error =
                named.and_then(|target| places.get(target).copied()).filter(|target| *target != place);
            if named.is_some() && on_error.is_none() {
                let message = format!("节点“{}”的 onError 没有指向另一个存在的节点", node.id);
                refuse(ProblemCode::BadOnError, message);
            }
            let config = node_type.and_then(|node_type| match NodeConfig::read(node_type, &node.config) {
                Ok(config) => Some(config),
                Err(faults) => {
                    for fault in faults {
                        refuse(fault.code, format!("节点“{}”：{}", node.id, fault.message));
                    }
                    None
                }
            });
            self.nodes.push(DraftNode { node_type, config, on_error });
        }
    }

    fn read_edges(&mut self, places: &BTreeMap<&str, usize>) {
        let definition = self.definition;
        let mut conditions = Conditions::default();
        let mut seen = HashSet::new();
        for (index, edge) in definition.edges.iter().enumerate() {
            let name = self.edge_name(index);
            let mut refuse =
                |code, message: String| self.problems.push(Problem::of_edge(name.clone(), code, message));
            let (from, to) = (places.get(edge.from.as_str()).copied(), places.get(edge.to.as_str()).copied());
            for (end, place) in [(&edge.from, from), (&edge.to, to)] {
                if place.is_none() {
                    let message = format!("连线 {} → {} 指向不存在的节点“{end}”", edge.from, edge.to);
                    refuse(ProblemCode::EdgeToNowhere, message);
                }
            }
            for key in edge.unknown.keys() {
                let message = format!("连线 {} → {} 有未知的字段 {key}", edge.from, edge.to);
                refuse(ProblemCode::UnknownKey, message);
            }
            if !seen.insert((&edge.from, &edge.to, &edge.condition, edge.otherwise)) {
                refuse(ProblemCode::DuplicateEdge, format!("连线 {} → {} 重复", edge.from, edge.to));
            }
            if edge.otherwise && condition_of(edge).is_some() {
                let message = format!("连线 {} → {} 不能既有条件又是“否则”", edge.from, edge.to);
                refuse(ProblemCode::OtherwiseWithCondition, message);
            }
            let source = condition_of(edge);
            let condition = match source.map(|source| conditions.compile(source)) {
                None => None,
                Some(Ok(condition)) => Some(condition),
                Some(Err(fault)) => {
                    refuse(fault.code, format!("连线 {} → {}：{}", edge.from, edge.to, fault.message));
                    None
                }
            };
            if let Some(leaving) = from.and_then(|from| self.leaving.get_mut(from)) {
                leaving.push(index);
            }
            let is_conditional = source.is_some();
            self.edges.push(DraftEdge { from, to, is_conditional, condition, is_otherwise: edge.otherwise });
        }
    }
}

/// Conditions of one flow; the same text is compiled once.
#[derive(Default)]
pub struct Conditions<'a> {
    language: Language,
    known: HashMap<&'a str, Result<Expression, ExpressionFault>>,
}

impl<'a> Conditions<'a> {
    /// The condition of this text.
    pub fn compile(&mut self, source: &'a str) -> Result<Expression, ExpressionFault> {
        self.known.entry(source).or_insert_with(|| self.language.compile(source)).clone()
    }
}
