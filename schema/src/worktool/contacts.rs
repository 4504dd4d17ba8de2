//! People a WorkTool phone knows, by the name it shows.
use std::collections::BTreeSet;

use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use super::stored;
use crate::fields::Ts;
use crate::for_both;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::worktool_contacts;

crate::text_enum! {
    /// How a contact became known.
    pub enum ContactSource {
        /// The list of all friends (507).
        FriendList = "friend_list",
        /// The friend request was accepted just now (502).
        NewFriend = "new_friend",
        /// A private chat.
        Chat = "chat",
    }
}

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = worktool_contacts)]
pub struct WorktoolContact {
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// The name the phone shows: nickname or remark.
    pub name: String,
    /// How it became known first.
    pub source: ContactSource,
    /// When.
    pub first_seen_at: Ts,
    /// When it was named last.
    pub last_seen_at: Ts,
}

for_both! {
    /// Adds contacts that are not known yet and dates those that are; how many were new.
    pub async fn ensure(
        connection: &mut Conn,
        robot: RobotUuid,
        names: &[String],
        source: ContactSource,
        now: Ts,
    ) -> Result<usize, DieselError> {
        let names: BTreeSet<String> = names.iter().map(|name| stored(name)).filter(|name| !name.is_empty()).collect();
        let mut new = 0;
        for name in names {
            let touched = diesel::update(worktool_contacts::table.find((robot, &name)))
                .set(worktool_contacts::last_seen_at.eq(now))
                .execute(connection)
                .await?;
            if touched == 0 {
                let contact =
                    WorktoolContact { robot_uuid: robot, name, source, first_seen_at: now, last_seen_at: now };
                new += diesel::insert_into(worktool_contacts::table)
                    .values(&contact)
                    .on_conflict_do_nothing()
                    .execute(connection)
                    .await?;
            }
        }
        Ok(new)
    }
}

/// A page of a robot's contacts by name, and how many there are.
pub async fn list(
    db: &Db,
    robot: RobotUuid,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<WorktoolContact>)> {
    db!(db, read, |connection| {
        let of_robot = || worktool_contacts::table.filter(worktool_contacts::robot_uuid.eq(robot));
        let total: i64 = of_robot().count().get_result(connection).await?;
        let list = of_robot()
            .order(worktool_contacts::name.asc())
            .offset(offset)
            .limit(limit)
            .select(WorktoolContact::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}
