//! Pure: what a run begins with: the messages of a turn as one, the robot, the conversation, the persona.
use serde_json::Map;
use workbot_schema::fields::Ts;
use workbot_schema::messages::SessionMessage;
use workbot_schema::robots::Robot;
use workbot_schema::wire::flow::StandardContext;

use crate::persona::Persona;

/// Longest text of a turn, characters; of a burst the later messages are cut.
const TEXT_CHARS: usize = 20_000;
/// A picture.
pub const IMAGE: i32 = 2;
/// Something spoken.
pub const VOICE: i32 = 3;

/// The context of a turn over `messages`, of which the first gives everything but the text; `None` when there is none.
pub fn context(
    robot: &Robot,
    messages: &[impl AsRef<SessionMessage>],
    persona: Option<&Persona>,
    now: Ts,
) -> Option<StandardContext> {
    let first = messages.first()?.as_ref();
    let texts = |of: fn(&SessionMessage) -> &str| joined(messages.iter().map(|message| of(message.as_ref())));
    let is_group = matches!(first.room_type, 1 | 3);
    let group = |text: &str| Some(text.to_owned()).filter(|text| is_group && !text.is_empty());
    // A picture in a burst is what the turn is about: the words around it only say so.
    let kind =
        |wanted: i32| messages.iter().any(|message| message.as_ref().text_type == wanted).then_some(wanted);
    Some(StandardContext {
        robot_id: robot.robot_id.clone(),
        robot_name: robot.name.clone(),
        robot_uuid: robot.id.to_string(),
        session_id: first.session_id.clone(),
        message_id: first.id.clone(),
        instance_id: String::new(),
        user_id: first.sender_id.clone().unwrap_or_else(|| first.received_name.clone()),
        user_name: first.received_name.clone(),
        group_id: None,
        group_name: group(&first.group_name),
        group_remark: group(&first.group_remark),
        room_type: first.room_type,
        is_group,
        original_message: texts(|message| &message.spoken),
        raw_message: texts(|message| &message.raw_spoken),
        text_type: kind(IMAGE).unwrap_or(first.text_type),
        file_base64: None,
        file_url: None,
        at_me: messages.iter().any(|message| message.as_ref().at_me),
        intent: None,
        intent_confidence: None,
        ai_response: None,
        persona_id: persona.map(|persona| persona.id.clone()),
        persona_type: persona.map(|persona| persona.role_type.clone()),
        target_name: None,
        send_id: None,
        command_status: None,
        alert_id: None,
        alert_level: None,
        alert_code: None,
        alert_data: None,
        execution_path: Vec::new(),
        start_time: now.millis(),
        current_node_id: String::new(),
        variables: Map::new(),
    })
}

/// The texts of a burst, one a line.
fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
    lines.join("\n").chars().take(TEXT_CHARS).collect()
}

/// What is said to something that only a model could look at or listen to, when there is none.
pub fn refusal(context: &StandardContext) -> Option<&'static str> {
    let is_wordless = context.original_message.trim().is_empty();
    match context.text_type {
        IMAGE if is_wordless => {
            Some("抱歉，我暂时无法查看图片，请用文字描述一下您的问题，我会尽快为您解答。")
        }
        VOICE if is_wordless => {
            Some("抱歉，我暂时无法收听语音，请用文字描述一下您的问题，我会尽快为您解答。")
        }
        _ => None,
    }
}
