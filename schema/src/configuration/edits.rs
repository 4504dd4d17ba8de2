//! The queries of one kind, written once for all of them.

/// Makes `edit` (inside a transaction), `find`, `list` and `list_all` of one table whose row has `id`, `owner_id`, `name`, `is_active`, `is_preset`,
/// `version`, `created_at`, `updated_at` and `deleted_at`, and the methods `apply`, `content` and `restore`.
#[macro_export]
macro_rules! configurable {
    ($table:ident: $row:ident, $id:ident, $changes:ident, group $group:ident, versions $($versions:ident)::+) => {
        $crate::for_both! {
            use { $($versions)::+ => versions }

            /// Carries out one change; every content is kept as a version. `uses` = so many others use the row.
            pub async fn edit(
                connection: &mut Conn,
                edit: &$crate::configuration::Edit<$id, $row, $changes>,
                by: $crate::configuration::Author<'_>,
                uses: i64,
                now: Ts,
            ) -> Result<$crate::configuration::Edited<Box<$row>>, DieselError> {
                use $crate::configuration::{Edit, Edited};
                let (id, expected) = match edit {
                    Edit::Create(row) => {
                        let mut row = row.as_ref().clone();
                        (row.version, row.created_at, row.updated_at, row.deleted_at) = (1, now, now, None);
                        let inserted = diesel::insert_into($table::table)
                            .values(&row)
                            .on_conflict_do_nothing()
                            .execute(connection)
                            .await?;
                        if inserted == 0 {
                            let version = $table::table.find(&row.id).select($table::version).first(connection).await?;
                            return Ok(Edited::Conflict(version));
                        }
                        versions::insert(connection, &row.id, 1, row.content(), by, now).await?;
                        return Ok(Edited::Done(Box::new(row)));
                    }
                    Edit::Update { id, expected, .. }
                    | Edit::Rollback { id, expected, .. }
                    | Edit::Delete { id, expected } => (id, *expected),
                };
                let found: Option<$row> = $table::table
                    .find(id)
                    .filter($table::deleted_at.is_null())
                    .select($row::as_select())
                    .first(connection)
                    .await
                    .optional()?;
                let Some(mut row) = found else {
                    return Ok(Edited::Missing);
                };
                if expected.is_some_and(|expected| expected != row.version) {
                    return Ok(Edited::Conflict(row.version));
                }
                match edit {
                    Edit::Create(_) => return Ok(Edited::Missing),
                    Edit::Update { changes, .. } => row.apply(changes),
                    Edit::Rollback { to, .. } => match versions::find_in(connection, id, *to).await? {
                        None => return Ok(Edited::Missing),
                        Some(content) => {
                            row.restore(content).map_err(|error| DieselError::DeserializationError(Box::new(error)))?;
                        }
                    },
                    Edit::Delete { .. } if row.is_preset => return Ok(Edited::Protected),
                    Edit::Delete { .. } if uses > 0 => return Ok(Edited::InUse(uses)),
                    Edit::Delete { .. } => row.deleted_at = Some(now),
                }
                row.version += 1;
                row.updated_at = now;
                diesel::update($table::table.find(id)).set(&row).execute(connection).await?;
                if row.deleted_at.is_none() {
                    versions::insert(connection, id, row.version, row.content(), by, now).await?;
                }
                Ok(Edited::Done(Box::new(row)))
            }

            /// Stores rows that are not there yet, switched off or edited ones included; the ids of the new ones.
            pub async fn seed(connection: &mut Conn, rows: &[$row], now: Ts) -> Result<Vec<$id>, DieselError> {
                let mut new = Vec::new();
                for row in rows {
                    let mut row = row.clone();
                    (row.version, row.is_preset, row.owner_id, row.deleted_at) = (1, true, None, None);
                    (row.created_at, row.updated_at) = (now, now);
                    let inserted = diesel::insert_into($table::table)
                        .values(&row)
                        .on_conflict_do_nothing()
                        .execute(connection)
                        .await?;
                    if inserted > 0 {
                        versions::insert(connection, &row.id, 1, row.content(), $crate::configuration::Author::SYSTEM, now).await?;
                        new.push(row.id);
                    }
                }
                Ok(new)
            }
        }

        /// A row that is not deleted, or `None`.
        pub async fn find(db: &Db, id: $id) -> StoreResult<Option<$row>> {
            db!(db, read, |connection| {
                Ok($table::table
                    .find(&id)
                    .filter($table::deleted_at.is_null())
                    .select($row::as_select())
                    .first(connection)
                    .await
                    .optional()?)
            })
        }

        /// Every row that is not deleted, in the order they were made: for a copy in memory.
        pub async fn list_all(db: &Db) -> StoreResult<Vec<$row>> {
            db!(db, read, |connection| {
                Ok($table::table
                    .filter($table::deleted_at.is_null())
                    .order(($table::created_at.asc(), $table::id.asc()))
                    .select($row::as_select())
                    .load(connection)
                    .await?)
            })
        }

        /// The number of rows and the sum of their versions: it differs when anything was changed, also by another process.
        pub async fn mark(db: &Db) -> StoreResult<(i64, i64)> {
            db!(db, read, |connection| {
                let versions: Vec<i64> = $table::table.select($table::version).load(connection).await?;
                Ok((i64::try_from(versions.len()).unwrap_or(i64::MAX), versions.into_iter().sum()))
            })
        }

        /// A page in the order they were made, and how many there are.
        pub async fn list(
            db: &Db,
            filter: $crate::configuration::ConfigurationFilter,
            offset: i64,
            limit: i64,
        ) -> StoreResult<(i64, Vec<$row>)> {
            use $crate::configuration::Audience;
            db!(db, read, |connection| {
                let matching = || {
                    let mut query = $table::table.filter($table::deleted_at.is_null()).into_boxed::<DB>();
                    match &filter.audience {
                        Audience::All => {}
                        Audience::Shared => query = query.filter($table::owner_id.is_null()),
                        Audience::Of(user) => {
                            query = query
                                .filter($table::owner_id.is_null().or($table::owner_id.eq(user.clone()).assume_not_null()));
                        }
                    }
                    if let Some(is_active) = filter.is_active {
                        query = query.filter($table::is_active.eq(is_active));
                    }
                    if let Some(group) = &filter.group {
                        query = query.filter($table::$group.eq(group.clone()));
                    }
                    if let Some(name) = &filter.name {
                        query = query.filter($table::name.like(format!("%{}%", name.replace(['%', '_', '\\'], ""))));
                    }
                    query
                };
                let total: i64 = matching().count().get_result(connection).await?;
                let list = matching()
                    .order(($table::created_at.asc(), $table::id.asc()))
                    .offset(offset)
                    .limit(limit)
                    .select($row::as_select())
                    .load(connection)
                    .await?;
                Ok((total, list))
            })
        }
    };
}
