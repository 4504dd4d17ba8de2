//! The records of conversations: runs, alerts, models, and what people configure for them.
use diesel::result::Error as DieselError;

use super::{Outcome, Record};
use crate::alert_notifications::Queued;
use crate::fields::Ts;
use crate::flow_executions::operations::Started;
use crate::for_both;

for_both! {
    use {
        crate::ai_calls => ai_calls,
        crate::ai_message_templates::usage => templates,
        crate::ai_models::health => health,
        crate::alert_notifications => notifications,
        crate::alerts::operations => alerts,
        crate::configuration => configuration,
        crate::flow_executions::operations => runs,
        crate::sessions::operations => sessions,
    }

    /// Carries out one record; every other kind changes nothing.
    pub async fn apply(connection: &mut Conn, record: &Record, seq: i64, now: Ts) -> Result<Outcome, DieselError> {
        Ok(match record {
            Record::Configure(change) => {
                Outcome::Configured(Box::new(configuration::configure(connection, change, now).await?))
            }
            Record::TemplateUsed(id) => {
                templates::count_use(connection, id).await?;
                Outcome::Done(seq)
            }
            Record::StartRun(run) => match runs::start(connection, run, seq, now).await? {
                Started::New(merged) => Outcome::Started { seq, merged },
                Started::Existed => Outcome::Existed,
                Started::Settled => Outcome::Missing,
            },
            Record::ResumeRun { id, step } => match runs::resume(connection, id, *step).await? {
                Some(run) => Outcome::Run(Box::new(run)),
                None => Outcome::Missing,
            },
            Record::SaveRun(checkpoint) => match runs::save(connection, checkpoint, now).await? {
                true => Outcome::Done(seq),
                false => Outcome::Missing,
            },
            Record::Session(change) => match sessions::change(connection, change, seq, now).await? {
                Some(changed) => Outcome::Session(Box::new(changed)),
                None => Outcome::Missing,
            },
            Record::Alert(alert) => Outcome::Alert(Box::new(alerts::raise(connection, alert, seq, now).await?)),
            Record::AlertChange { id, change, by, note } => {
                match alerts::change(connection, id, *change, by, note.as_deref(), now).await? {
                    Some((alert, is_won)) => Outcome::AlertMoved { alert: Box::new(alert), is_won },
                    None => Outcome::Missing,
                }
            }
            Record::Notification(notification) => match notifications::queue(connection, notification, seq).await? {
                Queued::New(stored) => Outcome::Notification(stored),
                Queued::Existed | Queued::NoAlert => Outcome::Needless,
            },
            Record::NotificationAttempt(attempt) => match notifications::record(connection, attempt, now).await? {
                Some(notification) => Outcome::Notification(Box::new(notification)),
                None => Outcome::Missing,
            },
            Record::AiCall(call) => {
                ai_calls::insert(connection, call, seq).await?;
                Outcome::Done(seq)
            }
            Record::Health(check) => {
                health::insert(connection, check).await?;
                Outcome::Done(seq)
            }
            _ => Outcome::Needless,
        })
    }
}
