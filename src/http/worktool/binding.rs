//! Callbacks of a robot as WorkTool shows and takes them.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::batch::{Record, Write};
use workbot_schema::robots::queries::RobotProfile;
use workbot_schema::wire::native::read_number;

use super::link::Link;
use super::refused::Refused;
use crate::http::audit::Origin;
use crate::http::robots::callback_view::{CallbackView, callbacks, is_bindable};
use crate::http::state::AppState;

/// One bound callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// Its number: the same as the type, of which each is bound once.
    pub id: i32,
    /// 0 group QR code, 1 result, 5 online, 6 offline, 11 messages.
    #[serde(rename = "type")]
    pub binding_type: i32,
    /// Where to.
    pub call_back_url: String,
    /// Chinese name of the type.
    #[schema(value_type = String, example = "指令结果回调")]
    pub type_name: &'static str,
}

/// A callback to bind; a number may be written as text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WantedBinding {
    /// 0 group QR code, 1 result, 5 online, 6 offline.
    #[serde(rename = "type", default)]
    #[schema(value_type = i32, example = 1)]
    pub binding_type: Value,
    /// Where to; `callbackUrl` is understood, too.
    #[serde(alias = "callbackUrl", default)]
    #[schema(example = "https://ai.example.com/result")]
    pub call_back_url: String,
}

/// Everything bound to a robot.
pub fn bindings(profile: &RobotProfile) -> Vec<Binding> {
    let view = |view: CallbackView| Binding {
        id: view.binding_type,
        binding_type: view.binding_type,
        call_back_url: view.call_back_url,
        type_name: view.type_name,
    };
    callbacks(profile).into_iter().map(view).collect()
}

/// A type that can be bound and freed.
pub fn bindable(given: &Value) -> Result<i32, Refused> {
    let number = read_number(given);
    number.filter(|number| is_bindable(*number)).ok_or_else(|| match number {
        Some(11) => Refused::because("消息回调请使用 robotInfo/update 设置"),
        _ => Refused::because("type 只能是 0、1、5 或 6"),
    })
}

/// Binds (`Some`) or frees types, together with the record of it.
pub async fn write(
    state: &AppState,
    link: &Link,
    origin: &Origin,
    changes: Vec<(i32, Option<String>)>,
) -> Result<(), Refused> {
    let mut write = Write::with_capacity(changes.len() * 2);
    for (binding_type, url) in changes {
        let action = if url.is_some() { "callback.bind" } else { "callback.free" };
        write.push(Record::Bind { robot: link.entry.uuid, binding_type, url });
        write.push(link.audit(origin, action, serde_json::json!({"type": binding_type}), state.now()));
    }
    if !write.is_empty() {
        state.journal.write(write).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types() {
        for (given, expected) in [
            (json!(1), Some(1)),
            (json!("5"), Some(5)),
            (json!(0), Some(0)),
            (json!(11), None),
            (json!(2), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(bindable(&given).ok(), expected, "{given}");
        }
    }
}
