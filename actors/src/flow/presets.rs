//! Pure: the flows every installation begins with.
use workbot_schema::wire::flow::FlowDefinition;

/// The standard flow: eight nodes in a row.
pub const STANDARD: &str = include_str!("../../../config/flows/standard.json");
/// The full flow: eleven nodes, with the alert path back to the reply. New robots use it.
pub const FULL: &str = include_str!("../../../config/flows/full.json");

/// Reads the preset flows, the default one first.
pub fn presets() -> Result<Vec<FlowDefinition>, serde_json::Error> {
    [FULL, STANDARD].into_iter().map(serde_json::from_str).collect()
}
