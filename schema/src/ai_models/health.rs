//! What came of looking after the models.
use diesel::prelude::{Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::for_both;
use crate::ids::ModelId;
use crate::store::prelude::*;
use crate::tables::ai_model_health_checks;

crate::text_enum! {
    /// How a model is.
    pub enum HealthStatus {
        /// It answers.
        Healthy = "healthy",
        /// It answers slowly or not always.
        Degraded = "degraded",
        /// It does not answer.
        Down = "down",
    }
}

/// One look at a model.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = ai_model_health_checks)]
pub struct HealthCheck {
    /// Number of the row; 0 = not stored yet.
    pub id: i32,
    /// Which model.
    pub model_id: ModelId,
    /// How it is.
    pub status: HealthStatus,
    /// Milliseconds it took to answer.
    pub response_time: Option<i32>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// When.
    pub checked_at: Ts,
}

for_both! {
    /// Stores a look; its `id` is given by the database.
    pub async fn insert(connection: &mut Conn, check: &HealthCheck) -> Result<(), DieselError> {
        diesel::insert_into(ai_model_health_checks::table)
            .values((
                ai_model_health_checks::model_id.eq(&check.model_id),
                ai_model_health_checks::status.eq(check.status),
                ai_model_health_checks::response_time.eq(check.response_time),
                ai_model_health_checks::error_message.eq(check.error_message.as_deref().map(|text| text.replace('\0', "\u{fffd}"))),
                ai_model_health_checks::checked_at.eq(check.checked_at),
            ))
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// The last looks at a model, newest first.
pub async fn list(db: &Db, model: ModelId, limit: i64) -> StoreResult<Vec<HealthCheck>> {
    db!(db, read, |connection| {
        Ok(ai_model_health_checks::table
            .filter(ai_model_health_checks::model_id.eq(&model))
            .order((ai_model_health_checks::checked_at.desc(), ai_model_health_checks::id.desc()))
            .limit(limit)
            .select(HealthCheck::as_select())
            .load(connection)
            .await?)
    })
}
