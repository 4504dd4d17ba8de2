//! Pure: `send_command`, the command that says the reply. Never an empty one.
use serde_json::{Value, json};
use workbot_schema::commands::state::CommandState;
use workbot_schema::ids::CommandId;
use workbot_schema::wire::flow::{SendCommandConfig, StandardContext};

use super::super::context::excerpt;
use super::super::effects::{Effect, Submission};
use super::super::event::CommandNews;
use super::message_dispatch::{chat, is_group_title};
use super::{Failure, Progress, Visiting, derived_id};

pub fn input(config: &SendCommandConfig, context: &StandardContext) -> Value {
    json!({
        "targetName": context.target_name, "text": context.ai_response.as_deref().map(excerpt),
        "quote": config.quote, "at": config.at,
    })
}

pub fn enter(config: &SendCommandConfig, visiting: Visiting<'_>) -> Progress {
    let Visiting { at, context, state, sent, effects, .. } = visiting;
    let Some(text) = context.ai_response.clone().filter(|text| !text.trim().is_empty()) else {
        return Progress::Failed(Failure::new("empty_reply", "没有可发送的回复内容"));
    };
    let Some(target) = context.target_name.clone().or_else(|| chat(context).map(str::to_owned)) else {
        return Progress::Failed(Failure::new("no_target", "找不到发送目标"));
    };
    let command_id = CommandId(format!("cmd_{}", derived_id(&state.run_id, state.attempt, at, 0)));
    let is_group = is_group_title(context, &target);
    let at_user =
        (config.at && is_group && !context.user_name.trim().is_empty()).then(|| context.user_name.clone());
    let pending = CommandState::Queued;
    context.target_name = Some(target.clone());
    context.send_id = Some(command_id.0.clone());
    context.command_status = Some(pending.wire().to_owned());
    state.commands.push(CommandNews {
        send_id: command_id.clone(),
        state: pending,
        error_code: None,
        error_reason: None,
    });
    *sent = Some(command_id.clone());
    let output =
        json!({"sendId": command_id, "targetName": target, "atUser": at_user, "status": pending.wire()});
    effects.push(Effect::Submit(Submission {
        at: at.clone(),
        command_id,
        index: 0,
        target,
        is_group,
        text,
        quote: config.quote,
        at_user,
    }));
    Progress::Done(output)
}
