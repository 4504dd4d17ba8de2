//! How often templates are used.
use diesel::result::Error as DieselError;

use crate::for_both;
use crate::ids::TemplateId;
use crate::store::prelude::*;
use crate::tables::ai_message_templates;

crate::statement_names! { CountUse }

for_both! {
    /// Counts one use; a template that has gone is not missed.
    pub async fn count_use(connection: &mut Conn, id: &TemplateId) -> Result<(), DieselError> {
        diesel::update(ai_message_templates::table.find(id))
            .set(ai_message_templates::use_count.eq(ai_message_templates::use_count + 1))
            .cached::<name::CountUse>()
            .execute(connection)
            .await?;
        Ok(())
    }
}
