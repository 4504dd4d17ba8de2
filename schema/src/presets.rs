//! What a new database begins with. Rows are written once: one that was edited, switched off or deleted is left as it is.
use diesel::result::Error as DieselError;

use crate::ai_message_templates::AiMessageTemplate;
use crate::ai_models::AiModel;
use crate::ai_personas::AiPersona;
use crate::alert_rules::AlertRule;
use crate::configuration::Author;
use crate::fields::Ts;
use crate::flow_configs::FlowConfig;
use crate::for_both;
use crate::notification_channels::NotificationChannel;
use crate::store::prelude::*;

/// Everything that is seeded; ids are the same in every program. Versions, times, owner and the mark of a preset are filled in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Presets {
    /// Models, before the personas that name them.
    pub models: Vec<AiModel>,
    /// Personas.
    pub personas: Vec<AiPersona>,
    /// Templates.
    pub templates: Vec<AiMessageTemplate>,
    /// Flows; their draft is published as version 1.
    pub flows: Vec<FlowConfig>,
    /// Channels, before the rules that name them.
    pub channels: Vec<NotificationChannel>,
    /// Alert rules.
    pub rules: Vec<AlertRule>,
}

for_both! {
    use {
        crate::ai_message_templates => templates,
        crate::ai_models => models,
        crate::ai_personas => personas,
        crate::alert_rules => rules,
        crate::flow_configs => flows,
        crate::flow_configs::versions => flow_versions,
        crate::notification_channels => channels,
    }

    /// Writes what is not there yet; how many rows are new.
    pub async fn write(connection: &mut Conn, presets: &Presets, now: Ts) -> Result<usize, DieselError> {
        let published: Vec<FlowConfig> = presets
            .flows
            .iter()
            .map(|flow| FlowConfig { published_version: Some(1), latest_version: 1, ..flow.clone() })
            .collect();
        let flows = flows::seed(connection, &published, now).await?;
        for flow in published.iter().filter(|flow| flows.contains(&flow.id)) {
            flow_versions::insert(connection, &flow.id, 1, flow.content(), Author::SYSTEM, now).await?;
        }
        Ok(flows.len()
            + models::seed(connection, &presets.models, now).await?.len()
            + personas::seed(connection, &presets.personas, now).await?.len()
            + templates::seed(connection, &presets.templates, now).await?.len()
            + channels::seed(connection, &presets.channels, now).await?.len()
            + rules::seed(connection, &presets.rules, now).await?.len())
    }
}

/// Writes what is not there yet, in one transaction; how many rows are new. Called once, before anybody else writes.
pub async fn seed(db: &Db, presets: &Presets, now: Ts) -> StoreResult<usize> {
    let presets = presets.clone();
    match db {
        Db::Sqlite(sqlite) => {
            use crate::store::db::lite::Transactional;
            crate::store::sqlite::on_thread(sqlite.write.clone(), move |connection| {
                crate::store::db::lite::now(connection.transaction::<_, StoreError, _>(async |connection| {
                    Ok(lite::write(connection, &presets, now).await?)
                }))
            })
            .await
        }
        Db::Postgres(postgres) => {
            use diesel_async::AsyncConnection;
            let mut connection = postgres.write().await?;
            crate::store::postgres::write(connection.transaction::<_, StoreError, _>(async |connection| {
                Ok(pg::write(connection, &presets, now).await?)
            }))
            .await
        }
    }
}
