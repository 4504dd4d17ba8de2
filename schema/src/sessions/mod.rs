//! Conversations: one sender in one room of one robot.
pub mod loading;
pub mod operations;
pub mod queries;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::fields::Ts;
use crate::ids::{CommandId, PersonaId, RobotUuid, SessionId};
use crate::messages::SessionMessage;
use crate::tables::sessions;

/// A conversation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// Whose chat.
    pub robot_uuid: RobotUuid,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i32,
    /// Group name, empty in private chats.
    pub group_name: String,
    /// Shown name of the sender.
    pub user_name: String,
    /// The phone's id of the sender, else the shown name.
    pub user_id: String,
    /// The person who has the chat: a user id, or `phone` when somebody typed on it.
    pub taken_over_by: Option<String>,
    /// Since when.
    pub taken_over_at: Option<Ts>,
    /// When a person last did something in it.
    pub last_human_at: Option<Ts>,
    /// The context holds only what came after this place in the order of the server.
    pub reset_seq: i64,
    /// The persona chosen for this chat.
    pub persona_id: Option<PersonaId>,
    /// When something last came.
    pub last_message_at: Ts,
    /// Known since.
    pub created_at: Ts,
}

impl Session {
    /// The conversation a message belongs to, as it is when nobody took it over.
    pub fn of(message: &SessionMessage) -> Self {
        Self {
            id: message.session_id.clone(),
            robot_uuid: message.robot_uuid,
            room_type: message.room_type,
            group_name: message.group_name.clone(),
            user_name: message.received_name.clone(),
            user_id: message.sender_id.clone().unwrap_or_else(|| message.received_name.clone()),
            taken_over_by: None,
            taken_over_at: None,
            last_human_at: None,
            reset_seq: 0,
            persona_id: None,
            last_message_at: message.created_at,
            created_at: message.created_at,
        }
    }

    /// Whether a person has the chat, who must have done something after `idle_before`.
    pub fn is_taken_over(&self, idle_before: Ts) -> bool {
        self.taken_over_by.is_some() && self.last_human_at.is_some_and(|at| at > idle_before)
    }
}

/// What happens to a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionAct {
    /// A person takes the chat; lost while another one has it who did something after `idle_before`.
    TakeOver {
        /// Who.
        by: String,
        /// Who did nothing since has lost it.
        idle_before: Ts,
    },
    /// The chat is given back.
    Release,
    /// The chat is given back when its person did nothing since.
    Expire {
        /// Since when.
        idle_before: Ts,
    },
    /// A person wrote on the phone: the chat is theirs, or stays with who has it.
    HumanTyped {
        /// Who, when nobody has it.
        by: String,
        /// Who did nothing since has lost it.
        idle_before: Ts,
    },
    /// Another persona; none = the robot's.
    Persona(Option<PersonaId>),
    /// The context begins anew.
    Reset,
}

/// A change of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// Which.
    pub id: SessionId,
    /// Its row, stored when there is none; without it an unknown conversation is missing.
    pub session: Option<Session>,
    /// What happens.
    pub act: SessionAct,
}

/// A conversation after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChanged {
    /// As it is now.
    pub session: Session,
    /// Whether the change was made; false = somebody else has it.
    pub is_won: bool,
    /// The flow's commands that were still waiting and are cancelled with it.
    pub cancelled: Vec<CommandId>,
}
