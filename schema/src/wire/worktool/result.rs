//! Envelope type 3: what became of a command. The command's type stands only in `rawMsg`, a JSON text.
use serde_json::{Map, Value};

use super::field;
use crate::commands::ExecutionResult;

/// Longest report that is kept as it came, bytes.
const RAW_BYTES: usize = 65_536;
/// Most names kept of one list.
const NAMES: usize = 1_000;

/// One report of an execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Type of the command, when `rawMsg` tells.
    pub command_type: Option<i32>,
    /// `rawMsg.nameList`: the answer to 507.
    pub names: Vec<String>,
    /// `metaJson`: who was and who was not selected, for 206 and 207.
    pub selection: Map<String, Value>,
    /// The execution; its attempt is not known here.
    pub result: ExecutionResult,
}

impl Report {
    /// Reads one entry of the list.
    pub fn read(fields: &Map<String, Value>) -> Self {
        let command = field::object(fields, "rawMsg");
        let list =
            |name: &str| -> Vec<String> { field::texts(fields, name).into_iter().take(NAMES).collect() };
        let raw = serde_json::to_string(fields).ok().filter(|raw| raw.len() <= RAW_BYTES);
        Self {
            command_type: field::number(&command, "type").and_then(|number| i32::try_from(number).ok()),
            names: field::texts(&command, "nameList"),
            selection: field::object(fields, "metaJson"),
            result: ExecutionResult {
                attempt: None,
                error_code: field::small(fields, "errorCode"),
                error_reason: field::text(fields, "errorReason").unwrap_or_default(),
                success_list: list("successList"),
                fail_list: list("failList"),
                is_partial: false,
                run_time_ms: field::number(fields, "runTime").filter(|millis| *millis > 0),
                // An exception makes the app report seconds since 1970 here.
                time_cost_secs: field::fraction(fields, "timeCost")
                    .filter(|secs| (0.0..86_400.0).contains(secs)),
                raw,
            },
        }
    }
}
