//! What happens to conversations inside a transaction.
use diesel::result::Error as DieselError;

use super::{Session, SessionAct, SessionChange, SessionChanged};
use crate::fields::Ts;
use crate::for_both;
use crate::store::prelude::*;
use crate::tables::sessions;

crate::statement_names! { Note }

/// What an act makes of a conversation; `None` when it must not.
fn acted(mut session: Session, act: &SessionAct, seq: i64, now: Ts) -> Option<Session> {
    let take = |session: &mut Session, by: &str, idle_before: Ts| {
        let is_same = session.taken_over_by.as_deref() == Some(by);
        if session.is_taken_over(idle_before) && !is_same {
            return false;
        }
        if !is_same || session.taken_over_at.is_none() {
            session.taken_over_at = Some(now);
        }
        session.taken_over_by = Some(by.to_owned());
        true
    };
    match act {
        SessionAct::TakeOver { by, idle_before } => {
            if !take(&mut session, by, *idle_before) {
                return None;
            }
            session.last_human_at = Some(now);
        }
        SessionAct::HumanTyped { by, idle_before } => {
            // Whoever has the chat keeps it: it may be the same person.
            take(&mut session, by, *idle_before);
            session.last_human_at = Some(now);
        }
        SessionAct::Expire { idle_before } if session.is_taken_over(*idle_before) => return None,
        SessionAct::Release | SessionAct::Expire { .. } => {
            session.taken_over_by.take()?;
            session.taken_over_at = None;
        }
        SessionAct::Persona(persona) => session.persona_id.clone_from(persona),
        SessionAct::Reset => session.reset_seq = seq,
    }
    Some(session)
}

for_both! {
    use { crate::commands::operations => commands }

    /// Notes that something came in a conversation; its row is made when there is none.
    pub async fn note(connection: &mut Conn, session: &Session) -> Result<(), DieselError> {
        diesel::insert_into(sessions::table)
            .values(session)
            .on_conflict(sessions::id)
            .do_update()
            .set((
                sessions::user_name.eq(&session.user_name),
                sessions::group_name.eq(&session.group_name),
                sessions::last_message_at.eq(session.last_message_at),
            ))
            .cached::<name::Note>()
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Changes a conversation. Taking it over cancels what the flow still has waiting for it. `None` = there is no such conversation.
    pub async fn change(
        connection: &mut Conn,
        change: &SessionChange,
        seq: i64,
        now: Ts,
    ) -> Result<Option<SessionChanged>, DieselError> {
        if let Some(session) = &change.session {
            note(connection, session).await?;
        }
        let found: Option<Session> =
            sessions::table.find(&change.id).select(Session::as_select()).first(connection).await.optional()?;
        let Some(before) = found else {
            return Ok(None);
        };
        let Some(session) = acted(before.clone(), &change.act, seq, now) else {
            return Ok(Some(SessionChanged { session: before, is_won: false, cancelled: Vec::new() }));
        };
        diesel::update(sessions::table.find(&change.id)).set(&session).execute(connection).await?;
        let is_human = matches!(change.act, SessionAct::TakeOver { .. } | SessionAct::HumanTyped { .. });
        let cancelled = if is_human {
            commands::cancel_replies(connection, session.robot_uuid, &session.id, "taken_over", now).await?
        } else {
            Vec::new()
        };
        Ok(Some(SessionChanged { session, is_won: true, cancelled }))
    }
}

#[cfg(test)]
#[path = "acts_tests.rs"]
mod tests;
