//! Pure: `command_status`, what became of the command. It waits without holding anything.
use serde_json::{Value, json};
use workbot_schema::commands::state::CommandState;
use workbot_schema::ids::CommandId;
use workbot_schema::wire::flow::{CommandStatusConfig, StandardContext};

use super::super::event::CommandNews;
use super::{Progress, Visiting};

pub fn input(config: &CommandStatusConfig, context: &StandardContext) -> Value {
    json!({"sendId": context.send_id, "waitSecs": config.wait_secs})
}

pub fn enter(config: &CommandStatusConfig, visiting: Visiting<'_>) -> Progress {
    let Visiting { context, state, sent, .. } = visiting;
    let Some(send_id) = sent.clone().or_else(|| context.send_id.clone().map(CommandId)) else {
        return Progress::Done(json!({"sendId": null, "status": "none"}));
    };
    match state.commands.iter().find(|news| news.send_id == send_id) {
        Some(news) if is_told(news.state) => Progress::Done(heard(news, context)),
        news if config.wait_secs == 0 => {
            let status = news.map_or("unknown", |news| news.state.wire());
            Progress::Done(json!({"sendId": send_id, "status": status}))
        }
        _ => Progress::Await { send_id, wait_secs: config.wait_secs },
    }
}

/// There is nothing more to wait for.
pub fn is_told(state: CommandState) -> bool {
    state.is_final() || state == CommandState::Unknown
}

/// Takes what became of the command into the context; the output of the visit.
pub fn heard(news: &CommandNews, context: &mut StandardContext) -> Value {
    let status = news.state.wire();
    if context.send_id.as_deref() == Some(news.send_id.as_str()) {
        context.command_status = Some(status.to_owned());
    }
    json!({
        "sendId": news.send_id, "status": status, "errorCode": news.error_code, "errorReason": news.error_reason,
    })
}

/// No result came in time: that is said, and the run goes on.
pub fn unheard(send_id: &CommandId, context: &mut StandardContext) -> Value {
    let news = CommandNews {
        send_id: send_id.clone(),
        state: CommandState::Unknown,
        error_code: None,
        error_reason: Some("未在等待时间内收到执行结果".to_owned()),
    };
    heard(&news, context)
}
