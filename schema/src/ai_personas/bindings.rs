//! Which models a persona asks beside its first one.
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use super::AiPersona;
use crate::configuration::Edited;
use crate::fields::Ts;
use crate::for_both;
use crate::ids::{ModelId, PersonaId};
use crate::store::prelude::*;
use crate::tables::{ai_model_persona_bindings, ai_models, ai_personas};

/// A model of a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Which model.
    pub model_id: ModelId,
    /// Higher is asked first.
    pub priority: i32,
}

/// A binding as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ai_model_persona_bindings)]
pub struct ModelPersonaBinding {
    /// Which model.
    pub model_id: ModelId,
    /// Whose.
    pub persona_id: PersonaId,
    /// Higher is asked first.
    pub priority: i32,
}

for_both! {
    /// Replaces the models of a persona. Missing when the persona or one of the models is not there.
    pub async fn replace(
        connection: &mut Conn,
        persona: &PersonaId,
        models: &[Binding],
        now: Ts,
    ) -> Result<Edited<Box<AiPersona>>, DieselError> {
        let found: Option<AiPersona> = ai_personas::table
            .find(persona)
            .filter(ai_personas::deleted_at.is_null())
            .select(AiPersona::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(mut row) = found else {
            return Ok(Edited::Missing);
        };
        for binding in models {
            let known: i64 = ai_models::table
                .find(&binding.model_id)
                .filter(ai_models::deleted_at.is_null())
                .count()
                .get_result(connection)
                .await?;
            if known == 0 {
                return Ok(Edited::Missing);
            }
        }
        diesel::delete(
            ai_model_persona_bindings::table.filter(ai_model_persona_bindings::persona_id.eq(persona)),
        )
        .execute(connection)
        .await?;
        for binding in models {
            diesel::insert_into(ai_model_persona_bindings::table)
                .values(&ModelPersonaBinding {
                    model_id: binding.model_id.clone(),
                    persona_id: persona.clone(),
                    priority: binding.priority,
                })
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
        }
        row.updated_at = now;
        diesel::update(ai_personas::table.find(persona))
            .set(ai_personas::updated_at.eq(now))
            .execute(connection)
            .await?;
        Ok(Edited::Done(Box::new(row)))
    }
}

/// Every binding, the first asked first: for a copy in memory.
pub async fn list_all(db: &Db) -> StoreResult<Vec<ModelPersonaBinding>> {
    db!(db, read, |connection| {
        Ok(ai_model_persona_bindings::table
            .order((
                ai_model_persona_bindings::persona_id.asc(),
                ai_model_persona_bindings::priority.desc(),
                ai_model_persona_bindings::model_id.asc(),
            ))
            .select(ModelPersonaBinding::as_select())
            .load(connection)
            .await?)
    })
}
