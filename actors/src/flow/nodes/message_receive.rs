//! Pure: `message_receive`, where every run starts. The message is stored already.
use serde_json::{Value, json};
use workbot_schema::wire::flow::StandardContext;

use super::super::context::excerpt;
use super::{Progress, Visiting};

pub fn input(context: &StandardContext) -> Value {
    json!({
        "messageId": context.message_id, "userName": context.user_name, "groupName": context.group_name,
        "textType": context.text_type, "originalMessage": excerpt(&context.original_message),
    })
}

pub fn enter(visiting: &Visiting<'_>) -> Progress {
    Progress::Done(
        json!({"messageId": visiting.context.message_id, "sessionId": visiting.context.session_id}),
    )
}
