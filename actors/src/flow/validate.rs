//! Pure: everything that is wrong with a flow, by node and reason.
use workbot_schema::wire::flow::{FlowDefinition, Problem};

/// Everything for which publishing is refused; empty = it can run.
pub fn validate(_definition: &FlowDefinition) -> Vec<Problem> {
    Vec::new()
}

/// What is refused already when a draft is saved.
pub fn check_expressions(_definition: &FlowDefinition) -> Vec<Problem> {
    Vec::new()
}
