//! Pure: a flow made ready to run.
use workbot_schema::wire::flow::{FlowDefinition, Problem};

/// A flow that was validated and compiled once; shared by all its runs.
#[derive(Debug)]
pub struct CompiledFlow {
    definition: FlowDefinition,
}

impl CompiledFlow {
    /// Compiles a flow, or says everything that is wrong with it.
    pub fn compile(definition: FlowDefinition) -> Result<Self, Vec<Problem>> {
        let problems = super::validate(&definition);
        if problems.is_empty() { Ok(Self { definition }) } else { Err(problems) }
    }

    /// The flow as it was drawn.
    pub fn definition(&self) -> &FlowDefinition {
        &self.definition
    }
}
