//! What a WorkTool phone told of itself: its names, its enterprise, its device.
use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use super::stored;
use crate::fields::{Json, Ts};
use crate::for_both;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::worktool_phones;
use crate::wire::worktool::item::MyInfo;
use crate::wire::worktool::log_line::DeviceInfo;

/// One phone.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = worktool_phones)]
pub struct WorktoolPhone {
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// The name mentions are written with (503).
    pub my_name: Option<String>,
    /// The name others see, where it differs.
    pub show_name: Option<String>,
    /// Its enterprise.
    pub corporation: Option<String>,
    /// Enterprises it could switch to.
    pub corporations: Option<Json<Vec<String>>>,
    /// What its last login line said.
    pub device: Option<Json<DeviceInfo>>,
    /// First login.
    pub first_login_at: Option<Ts>,
    /// Last login.
    pub last_login_at: Option<Ts>,
    /// Last change.
    pub updated_at: Ts,
}

/// What was learnt; what is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhoneFacts {
    /// See [`WorktoolPhone::my_name`].
    pub my_name: Option<String>,
    /// See [`WorktoolPhone::show_name`].
    pub show_name: Option<String>,
    /// See [`WorktoolPhone::corporation`].
    pub corporation: Option<String>,
    /// See [`WorktoolPhone::corporations`].
    pub corporations: Option<Vec<String>>,
    /// See [`WorktoolPhone::device`]; with it comes a login.
    pub device: Option<DeviceInfo>,
}

impl From<MyInfo> for PhoneFacts {
    fn from(info: MyInfo) -> Self {
        Self {
            my_name: info.name,
            show_name: info.show_name,
            corporation: info.corporation,
            ..Self::default()
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = worktool_phones)]
struct Changes {
    robot_uuid: RobotUuid,
    my_name: Option<String>,
    show_name: Option<String>,
    corporation: Option<String>,
    corporations: Option<Json<Vec<String>>>,
    device: Option<Json<DeviceInfo>>,
    last_login_at: Option<Ts>,
    updated_at: Ts,
}

for_both! {
    /// Puts what was learnt into the robot's row.
    pub async fn learn(
        connection: &mut Conn,
        robot: RobotUuid,
        facts: &PhoneFacts,
        now: Ts,
    ) -> Result<(), DieselError> {
        let name = |name: &Option<String>| name.as_deref().map(stored).filter(|name| !name.is_empty());
        let login = facts.device.as_ref().map(|_device| now);
        let changes = Changes {
            robot_uuid: robot,
            my_name: name(&facts.my_name),
            show_name: name(&facts.show_name),
            corporation: name(&facts.corporation),
            corporations: facts.corporations.as_ref().map(|names| Json(names.iter().map(|name| stored(name)).collect())),
            device: facts.device.clone().map(Json),
            last_login_at: login,
            updated_at: now,
        };
        let known: Option<Option<Ts>> = worktool_phones::table
            .find(robot)
            .select(worktool_phones::first_login_at)
            .first(connection)
            .await
            .optional()?;
        if known.is_none() {
            diesel::insert_into(worktool_phones::table)
                .values((worktool_phones::robot_uuid.eq(robot), worktool_phones::updated_at.eq(now)))
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
        }
        diesel::update(worktool_phones::table.find(robot)).set(&changes).execute(connection).await?;
        if login.is_some() && known.flatten().is_none() {
            diesel::update(worktool_phones::table.find(robot))
                .set(worktool_phones::first_login_at.eq(login))
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}

/// The phone of a robot, or `None` when it never told anything.
pub async fn find(db: &Db, robot: RobotUuid) -> StoreResult<Option<WorktoolPhone>> {
    db!(db, read, |connection| {
        Ok(worktool_phones::table
            .find(robot)
            .select(WorktoolPhone::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}
