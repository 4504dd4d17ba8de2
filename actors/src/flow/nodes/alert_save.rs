//! Pure: `alert_save`, an alert for people.
use serde_json::{Value, json};
use workbot_schema::ids::AlertId;
use workbot_schema::wire::flow::{AlertSaveConfig, StandardContext};

use super::super::context::excerpt;
use super::super::effects::{AlertDraft, Effect};
use super::{Progress, Visiting, derived_id};

pub fn input(config: &AlertSaveConfig, context: &StandardContext) -> Value {
    json!({"level": config.level, "code": config.code, "intent": context.intent})
}

pub fn enter(config: &AlertSaveConfig, visiting: Visiting<'_>) -> Progress {
    let Visiting { at, context, state, effects, .. } = visiting;
    let alert_id = AlertId(format!("alert_{}", derived_id(&state.run_id, state.attempt, at, 0)));
    let data = json!({
        "intent": context.intent, "intentConfidence": context.intent_confidence,
        "originalMessage": excerpt(&context.original_message), "userName": context.user_name,
        "groupName": context.group_name,
    });
    context.alert_id = Some(alert_id.0.clone());
    context.alert_level = Some(config.level.clone());
    context.alert_code = Some(config.code.clone());
    context.alert_data = Some(data.clone());
    let output = json!({"alertId": alert_id, "alertLevel": config.level, "alertCode": config.code});
    effects.push(Effect::SaveAlert(AlertDraft {
        at: at.clone(),
        alert_id,
        level: config.level.clone(),
        code: config.code.clone(),
        data,
    }));
    Progress::Done(output)
}
