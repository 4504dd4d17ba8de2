//! What is wrong with a flow.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that is wrong with a flow, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"nodeId": "decision", "code": "missing_otherwise", "message": "决策节点“decision”缺少“否则”分支"}))]
pub struct Problem {
    /// The node, when it is one node's fault.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub node_id: Option<String>,
    /// The edge, when it is one edge's fault.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edge: Option<EdgeName>,
    /// Stable name of the reason.
    pub code: ProblemCode,
    /// The reason for people.
    pub message: String,
}

/// Which edge is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EdgeName {
    /// Its place in the list of edges, from 0.
    pub index: usize,
    /// The node it leaves.
    pub from: String,
    /// The node it enters.
    pub to: String,
}

impl Problem {
    /// A problem of the flow as a whole.
    pub fn of_flow(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { node_id: None, edge: None, code, message: message.into() }
    }

    /// A problem of one node.
    pub fn of_node(node_id: &str, code: ProblemCode, message: impl Into<String>) -> Self {
        Self { node_id: Some(node_id.to_owned()), edge: None, code, message: message.into() }
    }

    /// A problem of one edge; it is also told of the node the edge leaves.
    pub fn of_edge(edge: EdgeName, code: ProblemCode, message: impl Into<String>) -> Self {
        Self { node_id: Some(edge.from.clone()), edge: Some(edge), code, message: message.into() }
    }
}

crate::text_enum! {
    /// The reasons a flow is refused for.
    pub enum ProblemCode {
        /// No `message_receive`.
        NoStart = "no_start",
        /// More than one `message_receive`.
        SeveralStarts = "several_starts",
        /// No `end`.
        NoEnd = "no_end",
        /// No way from the start to an `end`.
        UnreachableEnd = "unreachable_end",
        /// No way from the start to this node.
        UnreachableNode = "unreachable_node",
        /// No way from this node to an `end`.
        DeadNode = "dead_node",
        /// An edge names a node that does not exist.
        EdgeToNowhere = "edge_to_nowhere",
        /// An edge leaves an `end`.
        EdgeAfterEnd = "edge_after_end",
        /// The same edge stands twice.
        DuplicateEdge = "duplicate_edge",
        /// `onError` names a node that does not exist, or the node itself.
        BadOnError = "bad_on_error",
        /// Two nodes have one id.
        DuplicateNode = "duplicate_node",
        /// A node's id is empty or too long.
        BadNodeId = "bad_node_id",
        /// No node type is called so.
        UnknownType = "unknown_type",
        /// A key that means nothing.
        UnknownKey = "unknown_key",
        /// A value that a key cannot have.
        BadConfig = "bad_config",
        /// `timeoutMs` out of range.
        BadTimeout = "bad_timeout",
        /// `retries` out of range.
        BadRetries = "bad_retries",
        /// A circle that no decision can leave.
        CycleWithoutDecision = "cycle_without_decision",
        /// Conditions, and no way when none is true.
        MissingOtherwise = "missing_otherwise",
        /// More than one `otherwise`.
        SeveralOtherwise = "several_otherwise",
        /// `otherwise` and a condition on one edge.
        OtherwiseWithCondition = "otherwise_with_condition",
        /// An edge of a decision with neither a condition nor `otherwise`.
        EdgeWithoutCondition = "edge_without_condition",
        /// A join that waits for branches of which only one is ever taken.
        JoinNeverComplete = "join_never_complete",
        /// More nodes than a flow may have.
        TooManyNodes = "too_many_nodes",
        /// More edges than a flow may have.
        TooManyEdges = "too_many_edges",
        /// An expression of nothing but space.
        ExpressionEmpty = "expression_empty",
        /// An expression longer than 1 KiB.
        ExpressionTooLong = "expression_too_long",
        /// Not CEL.
        ExpressionSyntax = "expression_syntax",
        /// Nested deeper than 50.
        ExpressionTooDeep = "expression_too_deep",
        /// More than two comprehensions.
        ExpressionTooManyComprehensions = "expression_too_many_comprehensions",
        /// A list of more than 100 items.
        ExpressionListTooLong = "expression_list_too_long",
        /// A name that no context has.
        ExpressionUnknownName = "expression_unknown_name",
        /// A function that does not exist here.
        ExpressionUnknownFunction = "expression_unknown_function",
        /// A pattern that is no literal, no regular expression, or too large.
        ExpressionBadPattern = "expression_bad_pattern",
        /// An expression that could take too long.
        ExpressionTooCostly = "expression_too_costly",
    }
}

impl ProblemCode {
    /// The draft itself is refused, not only its publishing.
    pub fn refuses_draft(self) -> bool {
        matches!(
            self,
            Self::TooManyNodes
                | Self::TooManyEdges
                | Self::ExpressionEmpty
                | Self::ExpressionTooLong
                | Self::ExpressionSyntax
                | Self::ExpressionTooDeep
                | Self::ExpressionTooManyComprehensions
                | Self::ExpressionListTooLong
                | Self::ExpressionUnknownName
                | Self::ExpressionUnknownFunction
                | Self::ExpressionBadPattern
                | Self::ExpressionTooCostly
        )
    }
}
