//! Pure: everything that is wrong with a flow, by node and reason.
mod joins;
mod structure;
#[cfg(test)]
mod tests;

use workbot_schema::wire::flow::{EdgeName, FlowDefinition, Problem};

use super::draft::{Conditions, Draft, condition_of, too_large};

/// Everything for which publishing is refused; empty = it can run. A flow that is too large is refused without a look at it.
pub fn validate(definition: &FlowDefinition) -> Vec<Problem> {
    match too_large(definition) {
        Some(problem) => vec![problem],
        None => judge(Draft::read(definition)).problems,
    }
}

/// What is refused already when a draft is saved: conditions that break a guard, and a flow that is too large to look at.
pub fn check_expressions(definition: &FlowDefinition) -> Vec<Problem> {
    if let Some(problem) = too_large(definition) {
        return vec![problem];
    }
    let mut conditions = Conditions::default();
    let conditional = definition.edges.iter().enumerate().filter_map(|(index, edge)| {
        let fault = conditions.compile(condition_of(edge)?).err()?;
        let name = EdgeName { index, from: edge.from.clone(), to: edge.to.clone() };
        let message = format!("连线 {} → {}：{}", edge.from, edge.to, fault.message);
        Some(Problem::of_edge(name, fault.code, message))
    });
    conditional.collect()
}

/// Adds what is wrong with the flow as a whole.
pub(super) fn judge(mut draft: Draft<'_>) -> Draft<'_> {
    let mut problems = structure::problems(&draft);
    problems.extend(joins::problems(&draft));
    draft.problems.extend(problems);
    draft
}
