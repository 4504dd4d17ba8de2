//! Messages of one robot, page by page.
use super::{Direction, SessionMessage};
use crate::fields::Ts;
use crate::ids::{MessageId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::session_messages;

/// Which messages are wanted.
#[derive(Debug, Clone)]
pub struct HistoryFilter {
    /// Of which robot.
    pub robot: RobotUuid,
    /// One message.
    pub id: Option<MessageId>,
    /// One direction.
    pub direction: Option<Direction>,
    /// A part of the name of the sender or the group.
    pub name: Option<String>,
    /// At or after.
    pub from: Option<Ts>,
    /// Before.
    pub to: Option<Ts>,
    /// The oldest first.
    pub is_oldest_first: bool,
}

/// A page of messages, newest first unless asked otherwise, and how many there are.
pub async fn list(
    db: &Db,
    filter: HistoryFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<SessionMessage>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = session_messages::table
                .filter(session_messages::robot_uuid.eq(filter.robot))
                .into_boxed::<DB>();
            if let Some(id) = &filter.id {
                query = query.filter(session_messages::id.eq(id.clone()));
            }
            if let Some(direction) = filter.direction {
                query = query.filter(session_messages::direction.eq(direction));
            }
            if let Some(name) = &filter.name {
                let pattern = format!("%{}%", name.replace(['%', '_'], ""));
                query = query.filter(
                    session_messages::received_name
                        .like(pattern.clone())
                        .or(session_messages::group_name.like(pattern.clone()))
                        .or(session_messages::group_remark.like(pattern)),
                );
            }
            if let Some(from) = filter.from {
                query = query.filter(session_messages::created_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(session_messages::created_at.lt(to));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let query = if filter.is_oldest_first {
            matching().order(session_messages::seq.asc())
        } else {
            matching().order(session_messages::seq.desc())
        };
        let list =
            query.offset(offset).limit(limit).select(SessionMessage::as_select()).load(connection).await?;
        Ok((total, list))
    })
}
