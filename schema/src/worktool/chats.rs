//! What is remembered of each room's screen: one small row, written with the messages that a snapshot brought.
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::for_both;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::worktool_chats;

/// The memory of one room of one robot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = worktool_chats)]
pub struct WorktoolChat {
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// Hash of the room's names, 32 characters.
    pub room: String,
    /// Fingerprints of its last bubbles, as text.
    pub memory: String,
    /// When they changed last.
    pub seen_at: Ts,
}

for_both! {
    /// Writes the memory of a room over the one before.
    pub async fn save(connection: &mut Conn, chat: &WorktoolChat) -> Result<(), DieselError> {
        diesel::insert_into(worktool_chats::table)
            .values(chat)
            .on_conflict((worktool_chats::robot_uuid, worktool_chats::room))
            .do_update()
            .set((worktool_chats::memory.eq(&chat.memory), worktool_chats::seen_at.eq(chat.seen_at)))
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// The memory of a room, or `None` when it was never seen.
pub async fn find(db: &Db, robot: RobotUuid, room: String) -> StoreResult<Option<WorktoolChat>> {
    db!(db, read, |connection| {
        Ok(worktool_chats::table
            .find((robot, &room))
            .select(WorktoolChat::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// Forgets rooms that brought nothing since `before`, at most `limit`; how many. Their next snapshot is a first sight.
pub async fn purge(db: &Db, before: Ts, limit: i64) -> StoreResult<usize> {
    let stale: Vec<(RobotUuid, String)> = db!(db, read, |connection| {
        Ok::<_, StoreError>(
            worktool_chats::table
                .filter(worktool_chats::seen_at.lt(before))
                .order(worktool_chats::seen_at.asc())
                .limit(limit)
                .select((worktool_chats::robot_uuid, worktool_chats::room))
                .load(connection)
                .await?,
        )
    })?;
    if stale.is_empty() {
        return Ok(0);
    }
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let mut count = 0;
                for (robot, room) in &stale {
                    let row = worktool_chats::table.find((robot, room));
                    // It may have been seen again meanwhile.
                    count += diesel::delete(row.filter(worktool_chats::seen_at.lt(before)))
                        .execute(connection)
                        .await?;
                }
                Ok(count)
            })
            .await
    })
}
