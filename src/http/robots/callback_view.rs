//! The callbacks of a robot as lists show them.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::robots::queries::RobotProfile;

/// The message callback, as WorkTool numbers it.
const MESSAGE_TYPE: i32 = 11;

/// One bound callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallbackView {
    /// 0 group QR code, 1 result, 5 online, 6 offline, 11 messages.
    #[serde(rename = "type")]
    pub binding_type: i32,
    /// Its Chinese name.
    #[schema(value_type = String, example = "指令结果回调")]
    pub type_name: &'static str,
    /// Where to.
    pub call_back_url: String,
}

/// The Chinese name of a callback type, if there is such a type.
pub fn type_name(binding_type: i32) -> Option<&'static str> {
    match binding_type {
        0 => Some("群二维码回调"),
        1 => Some("指令结果回调"),
        5 => Some("机器人上线回调"),
        6 => Some("机器人下线回调"),
        MESSAGE_TYPE => Some("消息回调"),
        _ => None,
    }
}

/// Whether callers bind and free this type; messages have their own settings.
pub fn is_bindable(binding_type: i32) -> bool {
    matches!(binding_type, 0 | 1 | 5 | 6)
}

/// Everything a robot calls back, by type.
pub fn callbacks(profile: &RobotProfile) -> Vec<CallbackView> {
    let settings = &profile.robot.settings.0;
    let messages = settings.callback_url.iter().filter(|_url| settings.open_callback == 1);
    let bound = profile.bindings.iter().map(|(binding_type, url)| (*binding_type, url));
    bound
        .chain(messages.map(|url| (MESSAGE_TYPE, url)))
        .filter_map(|(binding_type, url)| {
            let type_name = type_name(binding_type)?;
            Some(CallbackView { binding_type, type_name, call_back_url: url.clone() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use workbot_schema::fields::Ts;
    use workbot_schema::robots::{Robot, RobotKind};

    use super::*;

    #[test]
    fn messages_are_listed_while_they_are_on() {
        let now = Ts::new(chrono::DateTime::UNIX_EPOCH);
        let mut robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now);
        robot.settings.0.callback_url = Some("https://a.example/m".to_owned());
        let mut profile = RobotProfile {
            robot,
            bindings: vec![(1, "https://a.example/r".to_owned())],
            members: Vec::new(),
        };
        let types = |profile: &RobotProfile| -> Vec<i32> {
            callbacks(profile).iter().map(|view| view.binding_type).collect()
        };
        assert_eq!(types(&profile), [1]);
        profile.robot.settings.0.open_callback = 1;
        assert_eq!(types(&profile), [1, 11]);
        assert!(is_bindable(0) && is_bindable(6) && !is_bindable(11) && !is_bindable(2));
    }
}
