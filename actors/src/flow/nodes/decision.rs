//! Pure: `decision`. It does nothing itself: its conditions stand on its edges, and the engine writes down which one was taken.
use serde_json::{Map, Value, json};
use workbot_schema::wire::flow::StandardContext;

use super::Progress;

pub fn input(context: &StandardContext) -> Value {
    json!({"intent": context.intent, "intentConfidence": context.intent_confidence})
}

pub fn enter() -> Progress {
    Progress::Done(Value::Object(Map::new()))
}
