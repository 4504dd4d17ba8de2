//! Queries of templates.
use diesel::result::Error as DieselError;

use super::{AiMessageTemplate, TemplateChanges};
use crate::configuration::Audience;
use crate::fields::Ts;
use crate::ids::TemplateId;
use crate::store::prelude::*;
use crate::tables::ai_message_templates;

crate::configurable!(
    ai_message_templates: AiMessageTemplate, TemplateId, TemplateChanges, group category,
    versions crate::ai_message_templates::versions
);

/// How many templates each category has, of those somebody sees; categories without one are not there.
pub async fn count_by_category(db: &Db, audience: Audience) -> StoreResult<Vec<(String, i64)>> {
    use diesel::dsl::count_star;
    db!(db, read, |connection| {
        let mut query = ai_message_templates::table
            .filter(ai_message_templates::deleted_at.is_null())
            .group_by(ai_message_templates::category)
            .select((ai_message_templates::category, count_star()))
            .into_boxed::<DB>();
        match &audience {
            Audience::All => {}
            Audience::Shared => query = query.filter(ai_message_templates::owner_id.is_null()),
            Audience::Of(user) => {
                query = query.filter(
                    ai_message_templates::owner_id
                        .is_null()
                        .or(ai_message_templates::owner_id.eq(user.clone()).assume_not_null()),
                );
            }
        }
        Ok(query.order(ai_message_templates::category.asc()).load(connection).await?)
    })
}
