//! A conversation as the API shows it.
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::fields::Ts;
use workbot_schema::ids::PersonaId;
use workbot_schema::sessions::Session;

use crate::http::state::AppState;

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// Public id of its robot.
    pub robot_id: String,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i32,
    /// Group name, empty in private chats.
    pub group_name: String,
    /// Shown name of the sender.
    pub user_name: String,
    /// The phone's id of the sender, else the shown name.
    pub user_id: String,
    /// `taken_over` while a person has it, else `robot`.
    pub state: &'static str,
    /// The person: a user id, `phone` when somebody typed on it, `customer` when they asked for a person.
    pub taken_over_by: Option<String>,
    /// Since when.
    pub taken_over_at: Option<String>,
    /// When the takeover ends unless a person does something.
    pub takeover_ends_at: Option<String>,
    /// The persona chosen for this chat.
    pub persona_id: Option<String>,
    /// When something last came.
    pub last_message_at: String,
    /// Known since.
    pub created_at: String,
}

/// How long a takeover lasts without a person.
pub fn idle(state: &AppState) -> TimeDelta {
    let secs = i64::try_from(state.settings.session.takeover_idle_secs).unwrap_or(i64::MAX);
    TimeDelta::try_seconds(secs).unwrap_or(TimeDelta::MAX)
}

/// Whoever did nothing since has lost a conversation.
pub fn idle_before(state: &AppState) -> Ts {
    state.now().plus(-idle(state))
}

impl SessionView {
    /// The view of a row.
    pub fn new(state: &AppState, row: Session, robot_id: String) -> Self {
        let is_taken = row.is_taken_over(idle_before(state));
        let ends_at = row.last_human_at.filter(|_at| is_taken).map(|at| at.plus(idle(state)).iso());
        Self {
            id: row.id.to_string(),
            robot_id,
            room_type: row.room_type,
            group_name: row.group_name,
            user_name: row.user_name,
            user_id: row.user_id,
            state: if is_taken { "taken_over" } else { "robot" },
            taken_over_by: row.taken_over_by.filter(|_by| is_taken),
            taken_over_at: row.taken_over_at.filter(|_at| is_taken).map(Ts::iso),
            takeover_ends_at: ends_at,
            persona_id: row.persona_id.as_ref().map(PersonaId::to_string),
            last_message_at: row.last_message_at.iso(),
            created_at: row.created_at.iso(),
        }
    }
}
