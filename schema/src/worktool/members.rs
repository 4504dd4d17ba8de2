//! Members of groups. The same name may stand twice: two people can be called alike.
use diesel::result::Error as DieselError;

use super::stored;
use crate::for_both;
use crate::store::prelude::*;
use crate::tables::worktool_group_members;

/// Most members kept of a group; WeCom allows fewer.
pub const MEMBERS: usize = 2_000;
/// Rows of one statement.
const CHUNK: usize = 500;

for_both! {
    /// Makes these the members of a group, in this order.
    pub async fn replace(connection: &mut Conn, group: i32, names: &[String]) -> Result<(), DieselError> {
        diesel::delete(worktool_group_members::table.filter(worktool_group_members::group_id.eq(group)))
            .execute(connection)
            .await?;
        let rows: Vec<_> = names
            .iter()
            .take(MEMBERS)
            .zip(0_i32..)
            .map(|(name, place)| {
                (
                    worktool_group_members::group_id.eq(group),
                    worktool_group_members::place.eq(place),
                    worktool_group_members::name.eq(stored(name)),
                )
            })
            .collect();
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(worktool_group_members::table).values(chunk.to_vec()).execute(connection).await?;
        }
        Ok(())
    }
}

/// The members of a group, in the phone's order.
pub async fn list(db: &Db, group: i32) -> StoreResult<Vec<String>> {
    db!(db, read, |connection| {
        Ok(worktool_group_members::table
            .filter(worktool_group_members::group_id.eq(group))
            .order(worktool_group_members::place.asc())
            .select(worktool_group_members::name)
            .load(connection)
            .await?)
    })
}
