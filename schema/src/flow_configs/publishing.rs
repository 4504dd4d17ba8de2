//! A definition becomes what new runs take.
use diesel::result::Error as DieselError;

use super::FlowConfig;
use crate::configuration::{Author, Edited};
use crate::fields::{Json, Ts};
use crate::for_both;
use crate::ids::FlowId;
use crate::store::prelude::*;
use crate::tables::flow_configs;

/// What is published.
#[derive(Debug, Clone, PartialEq)]
pub enum Source<'a> {
    /// A definition that was checked.
    Content(&'a serde_json::Value),
    /// What an older version held.
    Version(i64),
}

for_both! {
    use { crate::flow_configs::versions => versions }

    /// Writes the next version of a flow; the draft becomes the same.
    pub async fn publish(
        connection: &mut Conn,
        (id, expected): (&FlowId, Option<i64>),
        source: Source<'_>,
        by: Author<'_>,
        now: Ts,
    ) -> Result<Edited<Box<FlowConfig>>, DieselError> {
        let found: Option<FlowConfig> = flow_configs::table
            .find(id)
            .filter(flow_configs::deleted_at.is_null())
            .select(FlowConfig::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(mut flow) = found else {
            return Ok(Edited::Missing);
        };
        if expected.is_some_and(|expected| expected != flow.version) {
            return Ok(Edited::Conflict(flow.version));
        }
        let content = match source {
            Source::Content(content) => Some(content.clone()),
            Source::Version(version) => versions::find_in(connection, id, version).await?,
        };
        let Some(content) = content else {
            return Ok(Edited::Missing);
        };
        flow.latest_version += 1;
        flow.published_version = Some(flow.latest_version);
        flow.draft = Json(content.clone());
        flow.version += 1;
        flow.updated_at = now;
        diesel::update(flow_configs::table.find(id)).set(&flow).execute(connection).await?;
        versions::insert(connection, id, flow.latest_version, content, by, now).await?;
        Ok(Edited::Done(Box::new(flow)))
    }
}
