//! Carries out a change of configuration inside the journal's transaction.
use diesel::result::Error as DieselError;

use super::{Author, Configuration, ConfigurationEdit, Configured, Edit, Edited};
use crate::fields::Ts;
use crate::flow_configs::Source;
use crate::for_both;
use crate::ids::{ChannelId, FlowId, ModelId, PersonaId};
use crate::store::prelude::*;
use crate::tables::{ai_personas, alert_rules, robots};

fn deleted<Id, Row, Changes>(edit: &Edit<Id, Row, Changes>) -> Option<&Id> {
    match edit {
        Edit::Delete { id, .. } => Some(id),
        _ => None,
    }
}

for_both! {
    use {
        crate::ai_message_templates => templates,
        crate::ai_models => models,
        crate::ai_personas => personas,
        crate::ai_personas::bindings => bindings,
        crate::alert_rules => rules,
        crate::flow_configs => flows,
        crate::flow_configs::publishing => publishing,
        crate::notification_channels => channels,
    }

    /// One change. What something else uses is not deleted.
    pub async fn configure(
        connection: &mut Conn,
        configuration: &Configuration,
        now: Ts,
    ) -> Result<Edited<Configured>, DieselError> {
        let by = Author { author: &configuration.author, note: configuration.note.as_deref() };
        let uses = count_uses(connection, &configuration.edit).await?;
        Ok(match &configuration.edit {
            ConfigurationEdit::Model(edit) => {
                models::edit(connection, edit, by, uses, now).await?.map(Configured::Model)
            }
            ConfigurationEdit::Persona(edit) => {
                personas::edit(connection, edit, by, uses, now).await?.map(Configured::Persona)
            }
            ConfigurationEdit::Bindings { persona, models } => {
                bindings::replace(connection, persona, models, now).await?.map(Configured::Persona)
            }
            ConfigurationEdit::Template(edit) => {
                templates::edit(connection, edit, by, uses, now).await?.map(Configured::Template)
            }
            ConfigurationEdit::Flow(Edit::Rollback { id, expected, to }) => {
                publishing::publish(connection, (id, *expected), Source::Version(*to), by, now)
                    .await?
                    .map(Configured::Flow)
            }
            ConfigurationEdit::Flow(edit) => {
                flows::edit(connection, edit, by, uses, now).await?.map(Configured::Flow)
            }
            ConfigurationEdit::Publish { id, expected, content } => {
                publishing::publish(connection, (id, *expected), Source::Content(content), by, now)
                    .await?
                    .map(Configured::Flow)
            }
            ConfigurationEdit::Rule(edit) => {
                rules::edit(connection, edit, by, uses, now).await?.map(Configured::Rule)
            }
            ConfigurationEdit::Channel(edit) => {
                channels::edit(connection, edit, by, uses, now).await?.map(Configured::Channel)
            }
        })
    }

    /// How many others use what is to be deleted; 0 for every other change.
    async fn count_uses(connection: &mut Conn, edit: &ConfigurationEdit) -> Result<i64, DieselError> {
        match edit {
            ConfigurationEdit::Model(edit) => match deleted(edit) {
                Some(id) => count_uses_of_model(connection, id).await,
                None => Ok(0),
            },
            ConfigurationEdit::Persona(edit) => match deleted(edit) {
                Some(id) => count_robots_of_persona(connection, id).await,
                None => Ok(0),
            },
            ConfigurationEdit::Flow(edit) => match deleted(edit) {
                Some(id) => count_robots_of_flow(connection, id).await,
                None => Ok(0),
            },
            ConfigurationEdit::Channel(edit) => match deleted(edit) {
                Some(id) => count_rules_of_channel(connection, id).await,
                None => Ok(0),
            },
            ConfigurationEdit::Bindings { .. }
            | ConfigurationEdit::Template(_)
            | ConfigurationEdit::Publish { .. }
            | ConfigurationEdit::Rule(_) => Ok(0),
        }
    }

    async fn count_uses_of_model(connection: &mut Conn, id: &ModelId) -> Result<i64, DieselError> {
        let robots: i64 = robots::table
            .filter(robots::ai_model_id.eq(id))
            .filter(robots::deleted_at.is_null())
            .count()
            .get_result(connection)
            .await?;
        let personas: i64 = ai_personas::table
            .filter(ai_personas::model_id.eq(id))
            .filter(ai_personas::deleted_at.is_null())
            .count()
            .get_result(connection)
            .await?;
        Ok(robots + personas)
    }

    async fn count_robots_of_persona(connection: &mut Conn, id: &PersonaId) -> Result<i64, DieselError> {
        robots::table
            .filter(robots::persona_id.eq(id))
            .filter(robots::deleted_at.is_null())
            .count()
            .get_result(connection)
            .await
    }

    async fn count_robots_of_flow(connection: &mut Conn, id: &FlowId) -> Result<i64, DieselError> {
        robots::table
            .filter(robots::flow_id.eq(id))
            .filter(robots::deleted_at.is_null())
            .count()
            .get_result(connection)
            .await
    }

    async fn count_rules_of_channel(connection: &mut Conn, id: &ChannelId) -> Result<i64, DieselError> {
        let lists: Vec<Json<Vec<ChannelId>>> = alert_rules::table
            .filter(alert_rules::deleted_at.is_null())
            .select(alert_rules::channel_ids)
            .load(connection)
            .await?;
        let count = lists.iter().filter(|list| list.0.contains(id)).count();
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }
}
