//! Groups a WorkTool phone is in, by name.
use diesel::prelude::{AsChangeset, Queryable, Selectable};
use diesel::result::Error as DieselError;

use super::stored;
use crate::fields::Ts;
use crate::for_both;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::worktool_groups;
use crate::wire::worktool::item::GroupInfo;

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = worktool_groups)]
pub struct WorktoolGroup {
    /// Number of the row.
    pub id: i32,
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// Its name.
    pub name: String,
    /// Its remark on this phone.
    pub remark: Option<String>,
    /// 1 external, 3 internal, 0 not known yet.
    pub room_type: i32,
    /// Its owner.
    pub owner: Option<String>,
    /// How many members.
    pub member_count: Option<i32>,
    /// Its announcement.
    pub announcement: Option<String>,
    /// The text of its last QR code.
    pub qrcode: Option<String>,
    /// Messages that came from it.
    pub message_count: i64,
    /// The last of them.
    pub last_message_at: Option<Ts>,
    /// Known since.
    pub created_at: Ts,
    /// Last change.
    pub updated_at: Ts,
}

/// What was learnt of a group; what is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its name.
    pub name: String,
    /// Its remark.
    pub remark: Option<String>,
    /// 1 or 3.
    pub room_type: Option<i32>,
    /// Its owner.
    pub owner: Option<String>,
    /// How many members.
    pub member_count: Option<i32>,
    /// Its announcement.
    pub announcement: Option<String>,
    /// The text of its QR code.
    pub qrcode: Option<String>,
    /// Its members, all that the phone told.
    pub members: Option<Vec<String>>,
    /// Messages that came from it just now.
    pub messages: i64,
}

impl From<GroupInfo> for GroupFacts {
    fn from(info: GroupInfo) -> Self {
        Self {
            name: info.name,
            remark: info.remark,
            owner: info.owner,
            member_count: info.member_count,
            announcement: info.announcement,
            members: Some(info.members).filter(|members| !members.is_empty()),
            ..Self::default()
        }
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = worktool_groups)]
struct Changes {
    remark: Option<String>,
    room_type: Option<i32>,
    owner: Option<String>,
    member_count: Option<i32>,
    announcement: Option<String>,
    qrcode: Option<String>,
    last_message_at: Option<Ts>,
    updated_at: Ts,
}

for_both! {
    use { crate::worktool::members => members }

    /// Puts what was learnt into the group's row, which is made when there is none; its number.
    pub async fn learn(
        connection: &mut Conn,
        robot: RobotUuid,
        facts: &GroupFacts,
        now: Ts,
    ) -> Result<i32, DieselError> {
        let name = stored(&facts.name);
        let text = |text: &Option<String>| text.as_deref().map(|text| text.replace('\0', "\u{fffd}"));
        let of_name = || {
            worktool_groups::table
                .filter(worktool_groups::robot_uuid.eq(robot))
                .filter(worktool_groups::name.eq(&name))
        };
        let known: Option<i32> = of_name().select(worktool_groups::id).first(connection).await.optional()?;
        let id = match known {
            Some(id) => id,
            None => {
                diesel::insert_into(worktool_groups::table)
                    .values((
                        worktool_groups::robot_uuid.eq(robot),
                        worktool_groups::name.eq(&name),
                        worktool_groups::room_type.eq(0),
                        worktool_groups::created_at.eq(now),
                        worktool_groups::updated_at.eq(now),
                    ))
                    .returning(worktool_groups::id)
                    .get_result(connection)
                    .await?
            }
        };
        let changes = Changes {
            remark: text(&facts.remark),
            room_type: facts.room_type,
            owner: text(&facts.owner),
            member_count: facts.member_count,
            announcement: text(&facts.announcement),
            qrcode: text(&facts.qrcode),
            last_message_at: (facts.messages > 0).then_some(now),
            updated_at: now,
        };
        diesel::update(worktool_groups::table.find(id))
            .set((&changes, worktool_groups::message_count.eq(worktool_groups::message_count + facts.messages)))
            .execute(connection)
            .await?;
        if let Some(names) = &facts.members {
            members::replace(connection, id, names).await?;
        }
        Ok(id)
    }
}

/// A page of a robot's groups in the order they became known, latest first; `name` narrows to names or remarks that contain
/// it. And how many there are.
pub async fn list(
    db: &Db,
    robot: RobotUuid,
    name: Option<String>,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<WorktoolGroup>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query =
                worktool_groups::table.filter(worktool_groups::robot_uuid.eq(robot)).into_boxed::<DB>();
            if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
                let pattern = format!("%{}%", name.replace(['%', '_', '\\'], ""));
                query = query.filter(
                    worktool_groups::name.like(pattern.clone()).or(worktool_groups::remark
                        .is_not_null()
                        .and(worktool_groups::remark.assume_not_null().like(pattern))),
                );
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(worktool_groups::id.desc())
            .offset(offset)
            .limit(limit)
            .select(WorktoolGroup::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// A group by its name, or `None`.
pub async fn find(db: &Db, robot: RobotUuid, name: String) -> StoreResult<Option<WorktoolGroup>> {
    let name = stored(&name);
    db!(db, read, |connection| {
        Ok(worktool_groups::table
            .filter(worktool_groups::robot_uuid.eq(robot))
            .filter(worktool_groups::name.eq(&name))
            .select(WorktoolGroup::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}
