//! Records that may be dropped under pressure: connections, phone logs; and the audit log, which may not.
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::{Json, Ts};
use crate::for_both;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::{audit_logs, robot_connections, robot_logs};

/// `kind` of a log line whose text names a file in the file store that the phone uploaded.
pub const UPLOADED: &str = "file";

/// One connection of a robot.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = robot_connections, treat_none_as_default_value = false)]
pub struct RobotConnection {
    /// Id.
    pub id: String,
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// Which login.
    pub generation: i64,
    /// `native` or `worktool`.
    pub dialect: String,
    /// Where from.
    pub address: Option<String>,
    /// From.
    pub opened_at: Ts,
    /// Until.
    pub closed_at: Option<Ts>,
    /// Close code.
    pub close_code: Option<i32>,
    /// Why, ≤ 255 characters.
    pub close_reason: Option<String>,
}

/// Something a phone wrote down: an error, a log line, a config answer.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = robot_logs, treat_none_as_default_value = false)]
pub struct RobotLog {
    /// Place in the order of the server.
    pub seq: i64,
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// `error`, `log`, `config`, or [`UPLOADED`].
    pub kind: String,
    /// Error code.
    pub code: Option<i32>,
    /// Text.
    pub text: String,
    /// When.
    pub created_at: Ts,
}

/// Who changed what.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_logs, treat_none_as_default_value = false)]
pub struct AuditLog {
    /// Place in the order of the server.
    pub seq: i64,
    /// User id, platform key id, or `system`.
    pub actor: String,
    /// Verb, e.g. `robot.update`.
    pub action: String,
    /// Thing, e.g. `robot/<id>`.
    pub object: String,
    /// What changed, no secrets.
    pub detail: Json<serde_json::Value>,
    /// Where from.
    pub address: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// When.
    pub created_at: Ts,
}

for_both! {
    /// Stores the begin of a connection.
    pub async fn open_connection(connection: &mut Conn, row: &RobotConnection) -> Result<(), DieselError> {
        diesel::insert_into(robot_connections::table).values(row).on_conflict_do_nothing().execute(connection).await?;
        Ok(())
    }

    /// Stores the end of a connection.
    pub async fn close_connection(
        connection: &mut Conn,
        id: &str,
        code: Option<i32>,
        reason: &str,
        now: Ts,
    ) -> Result<(), DieselError> {
        diesel::update(robot_connections::table.find(id))
            .set((
                robot_connections::closed_at.eq(Some(now)),
                robot_connections::close_code.eq(code),
                robot_connections::close_reason.eq(Some(reason.chars().take(255).collect::<String>())),
            ))
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Stores a phone's log line.
    pub async fn insert_log(connection: &mut Conn, row: &RobotLog) -> Result<(), DieselError> {
        diesel::insert_into(robot_logs::table).values(row).execute(connection).await?;
        Ok(())
    }

    /// Stores an audit entry.
    pub async fn insert_audit(connection: &mut Conn, row: &AuditLog) -> Result<(), DieselError> {
        diesel::insert_into(audit_logs::table).values(row).execute(connection).await?;
        Ok(())
    }
}

/// The last connections of a robot, newest first.
pub async fn list_connections(db: &Db, robot: RobotUuid, limit: i64) -> StoreResult<Vec<RobotConnection>> {
    db!(db, read, |connection| {
        Ok(robot_connections::table
            .filter(robot_connections::robot_uuid.eq(robot))
            .order(robot_connections::opened_at.desc())
            .limit(limit)
            .select(RobotConnection::as_select())
            .load(connection)
            .await?)
    })
}

/// Connections of a robot that were open at some moment of `from..to`, oldest first.
pub async fn list_connections_during(
    db: &Db,
    robot: RobotUuid,
    from: Ts,
    to: Ts,
    limit: i64,
) -> StoreResult<Vec<RobotConnection>> {
    db!(db, read, |connection| {
        Ok(robot_connections::table
            .filter(robot_connections::robot_uuid.eq(robot))
            .filter(robot_connections::opened_at.lt(to))
            .filter(robot_connections::closed_at.is_null().or(robot_connections::closed_at.ge(from)))
            .order(robot_connections::opened_at.asc())
            .limit(limit)
            .select(RobotConnection::as_select())
            .load(connection)
            .await?)
    })
}

/// The last log lines of a robot, newest first.
pub async fn list_logs(db: &Db, robot: RobotUuid, limit: i64) -> StoreResult<Vec<RobotLog>> {
    db!(db, read, |connection| {
        Ok(robot_logs::table
            .filter(robot_logs::robot_uuid.eq(robot))
            .order(robot_logs::seq.desc())
            .limit(limit)
            .select(RobotLog::as_select())
            .load(connection)
            .await?)
    })
}

/// What a list of audit entries is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who.
    pub actor: Option<String>,
    /// A verb, or its beginning: `robot` finds `robot.update`.
    pub action: Option<String>,
    /// A thing, exactly.
    pub object: Option<String>,
    /// At or after.
    pub from: Option<Ts>,
    /// Before.
    pub to: Option<Ts>,
}

/// A page of audit entries, newest first, and how many there are.
pub async fn list_audit(
    db: &Db,
    filter: AuditFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<AuditLog>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = audit_logs::table.into_boxed::<DB>();
            if let Some(actor) = &filter.actor {
                query = query.filter(audit_logs::actor.eq(actor.clone()));
            }
            if let Some(action) = &filter.action {
                query = query.filter(audit_logs::action.like(format!("{}%", action.replace(['%', '_'], ""))));
            }
            if let Some(object) = &filter.object {
                query = query.filter(audit_logs::object.eq(object.clone()));
            }
            if let Some(from) = filter.from {
                query = query.filter(audit_logs::created_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(audit_logs::created_at.lt(to));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(audit_logs::seq.desc())
            .offset(offset)
            .limit(limit)
            .select(AuditLog::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}
