//! Pure: the context by name, as expressions speak of it.
use serde_json::{Map, Value};
use workbot_schema::wire::flow::{NodeType, StandardContext};

/// What a field can hold; decides how costly it is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A number or a truth.
    Small,
    /// A text.
    Text,
    /// Anything: lists and objects.
    Data,
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldValue<'a> {
    /// Nothing: `null` in expressions.
    Absent,
    /// A truth.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Texts.
    List(&'a [String]),
    /// Keys and values.
    Object(&'a Map<String, Value>),
    /// Anything.
    Data(&'a Value),
}

/// Every name an expression may use, and what stands behind it.
pub const FIELDS: &[(&str, FieldKind)] = &[
    ("robotId", FieldKind::Text),
    ("robotName", FieldKind::Text),
    ("robotUuid", FieldKind::Text),
    ("sessionId", FieldKind::Text),
    ("messageId", FieldKind::Text),
    ("instanceId", FieldKind::Text),
    ("userId", FieldKind::Text),
    ("userName", FieldKind::Text),
    ("groupId", FieldKind::Text),
    ("groupName", FieldKind::Text),
    ("groupRemark", FieldKind::Text),
    ("roomType", FieldKind::Small),
    ("isGroup", FieldKind::Small),
    ("originalMessage", FieldKind::Text),
    ("rawMessage", FieldKind::Text),
    ("textType", FieldKind::Small),
    ("fileBase64", FieldKind::Text),
    ("fileUrl", FieldKind::Text),
    ("atMe", FieldKind::Small),
    ("intent", FieldKind::Text),
    ("intentConfidence", FieldKind::Small),
    ("aiResponse", FieldKind::Text),
    ("personaId", FieldKind::Text),
    ("personaType", FieldKind::Text),
    ("targetName", FieldKind::Text),
    ("sendId", FieldKind::Text),
    ("commandStatus", FieldKind::Text),
    ("alertId", FieldKind::Text),
    ("alertLevel", FieldKind::Text),
    ("alertCode", FieldKind::Text),
    ("alertData", FieldKind::Data),
    ("executionPath", FieldKind::Data),
    ("startTime", FieldKind::Small),
    ("currentNodeId", FieldKind::Text),
    ("variables", FieldKind::Data),
];

/// The field of this name.
pub fn field(name: &str) -> Option<&'static (&'static str, FieldKind)> {
    FIELDS.iter().find(|(known, _)| *known == name)
}

/// What a field of a context holds; nothing for a name that is no field.
pub fn value_of<'a>(context: &'a StandardContext, name: &str) -> FieldValue<'a> {
    let optional = |text: &'a Option<String>| text.as_deref().map_or(FieldValue::Absent, FieldValue::Text);
    match name {
        "robotId" => FieldValue::Text(context.robot_id.as_str()),
        "robotName" => FieldValue::Text(&context.robot_name),
        "robotUuid" => FieldValue::Text(&context.robot_uuid),
        "sessionId" => FieldValue::Text(context.session_id.as_str()),
        "messageId" => FieldValue::Text(context.message_id.as_str()),
        "instanceId" => FieldValue::Text(&context.instance_id),
        "userId" => FieldValue::Text(&context.user_id),
        "userName" => FieldValue::Text(&context.user_name),
        "groupId" => optional(&context.group_id),
        "groupName" => optional(&context.group_name),
        "groupRemark" => optional(&context.group_remark),
        "roomType" => FieldValue::Number(i64::from(context.room_type)),
        "isGroup" => FieldValue::Flag(context.is_group),
        "originalMessage" => FieldValue::Text(&context.original_message),
        "rawMessage" => FieldValue::Text(&context.raw_message),
        "textType" => FieldValue::Number(i64::from(context.text_type)),
        "fileBase64" => optional(&context.file_base64),
        "fileUrl" => optional(&context.file_url),
        "atMe" => FieldValue::Flag(context.at_me),
        "intent" => optional(&context.intent),
        "intentConfidence" => context.intent_confidence.map_or(FieldValue::Absent, FieldValue::Real),
        "aiResponse" => optional(&context.ai_response),
        "personaId" => optional(&context.persona_id),
        "personaType" => optional(&context.persona_type),
        "targetName" => optional(&context.target_name),
        "sendId" => optional(&context.send_id),
        "commandStatus" => optional(&context.command_status),
        "alertId" => optional(&context.alert_id),
        "alertLevel" => optional(&context.alert_level),
        "alertCode" => optional(&context.alert_code),
        "alertData" => context.alert_data.as_ref().map_or(FieldValue::Absent, FieldValue::Data),
        "executionPath" => FieldValue::List(&context.execution_path),
        "startTime" => FieldValue::Number(context.start_time),
        "currentNodeId" => FieldValue::Text(&context.current_node_id),
        "variables" => FieldValue::Object(&context.variables),
        _ => FieldValue::Absent,
    }
}

/// Takes back what nodes of this type write.
pub fn forget(context: &mut StandardContext, node_type: NodeType) {
    match node_type {
        NodeType::Intent => {
            context.intent = None;
            context.intent_confidence = None;
        }
        NodeType::AiReply => context.ai_response = None,
        NodeType::MessageDispatch => context.target_name = None,
        NodeType::SendCommand => {
            context.send_id = None;
            context.command_status = None;
        }
        NodeType::AlertSave => {
            context.alert_id = None;
            context.alert_level = None;
            context.alert_code = None;
            context.alert_data = None;
        }
        NodeType::MessageReceive
        | NodeType::Decision
        | NodeType::CommandStatus
        | NodeType::End
        | NodeType::AlertRule
        | NodeType::ExecuteNotification => {}
    }
}

/// The beginning of a text, for records.
pub fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 500;
    let mut letters = text.chars();
    let mut beginning: String = letters.by_ref().take(CHARS_MAX).collect();
    if letters.next().is_some() {
        beginning.push('…');
    }
    beginning
}
