//! Older contents of what people configure.
use crate::fields::Ts;

/// What something was at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// From 1, without gaps.
    pub version: i64,
    /// Everything that can be brought back, wire names.
    pub content: serde_json::Value,
    /// User id, or `system`.
    pub author_id: String,
    /// Why.
    pub note: Option<String>,
    /// When.
    pub created_at: Ts,
}

/// The columns of a version as they are loaded.
pub type VersionColumns = (i64, crate::fields::Json<serde_json::Value>, String, Option<String>, Ts);

impl From<VersionColumns> for Version {
    fn from((version, content, author_id, note, created_at): VersionColumns) -> Self {
        Self { version, content: content.0, author_id, note, created_at }
    }
}

/// Makes `insert` and `find_in` (inside a transaction), `find` and `list` of one table of versions.
#[macro_export]
macro_rules! versions_of {
    ($table:ident.$owner:ident, $id:ident) => {
        $crate::for_both! {
            /// Keeps a content.
            pub async fn insert(
                connection: &mut Conn,
                id: &$id,
                version: i64,
                content: serde_json::Value,
                by: $crate::configuration::Author<'_>,
                now: Ts,
            ) -> Result<(), DieselError> {
                diesel::insert_into($table::table)
                    .values((
                        $table::$owner.eq(id),
                        $table::version.eq(version),
                        $table::content.eq(Json(content)),
                        $table::author_id.eq(by.author),
                        $table::note.eq(by.note),
                        $table::created_at.eq(now),
                    ))
                    .execute(connection)
                    .await?;
                Ok(())
            }

            /// The content of a version, or `None`.
            pub async fn find_in(
                connection: &mut Conn,
                id: &$id,
                version: i64,
            ) -> Result<Option<serde_json::Value>, DieselError> {
                let content: Option<Json<serde_json::Value>> = $table::table
                    .filter($table::$owner.eq(id))
                    .filter($table::version.eq(version))
                    .select($table::content)
                    .first(connection)
                    .await
                    .optional()?;
                Ok(content.map(|content| content.0))
            }
        }

        /// One version, or `None`.
        pub async fn find(db: &Db, id: $id, version: i64) -> StoreResult<Option<Version>> {
            db!(db, read, |connection| {
                let found: Option<VersionColumns> = $table::table
                    .filter($table::$owner.eq(&id))
                    .filter($table::version.eq(version))
                    .select((
                        $table::version,
                        $table::content,
                        $table::author_id,
                        $table::note,
                        $table::created_at,
                    ))
                    .first(connection)
                    .await
                    .optional()?;
                Ok(found.map(Version::from))
            })
        }

        /// A page of versions, newest first, and how many there are.
        pub async fn list(db: &Db, id: $id, offset: i64, limit: i64) -> StoreResult<(i64, Vec<Version>)> {
            db!(db, read, |connection| {
                let total: i64 =
                    $table::table.filter($table::$owner.eq(&id)).count().get_result(connection).await?;
                let rows: Vec<VersionColumns> = $table::table
                    .filter($table::$owner.eq(&id))
                    .order($table::version.desc())
                    .offset(offset)
                    .limit(limit)
                    .select((
                        $table::version,
                        $table::content,
                        $table::author_id,
                        $table::note,
                        $table::created_at,
                    ))
                    .load(connection)
                    .await?;
                Ok((total, rows.into_iter().map(Version::from).collect()))
            })
        }
    };
}
