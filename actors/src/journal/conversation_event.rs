//! Pure: what the records of conversations make true.
use std::sync::Arc;

use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::Edited;
use workbot_schema::flow_executions::{NewRun, RunCheckpoint, RunSaved};
use workbot_schema::messages::MessageReason;

use super::event::Event;

/// Appends what `record` made true by `outcome`; nothing for records of other kinds.
pub(super) fn conversation_events(record: &Record, outcome: &Outcome, events: &mut Vec<Event>) {
    match (record, outcome) {
        (Record::Configure(_), Outcome::Configured(edited)) => {
            if let Edited::Done(configured) = edited.as_ref() {
                let (kind, id) = configured.key();
                events.push(Event::Configured { kind, id: id.to_owned() });
            }
        }
        (Record::StartRun(run), Outcome::Started { seq, merged }) => {
            let mut execution = run.execution.clone();
            execution.seq = *seq;
            events.push(Event::RunStarted(Arc::new(execution)));
            events.extend(
                merged
                    .iter()
                    .map(|id| Event::MessageSettled { id: id.clone(), reason: MessageReason::Merged }),
            );
            if !run.new_nodes.is_empty() {
                events.push(Event::RunSaved(Arc::new(begun(run))));
            }
        }
        (Record::SaveRun(checkpoint), Outcome::Done(_)) => {
            events.push(Event::RunSaved(Arc::new(saved(checkpoint))));
        }
        (Record::Session(_), Outcome::Session(changed)) if changed.is_won => {
            events.push(Event::SessionChanged(Arc::new(changed.session.clone())));
            if !changed.cancelled.is_empty() {
                let (robot, ids) = (changed.session.robot_uuid, changed.cancelled.clone());
                events.push(Event::CommandsCancelled { robot, ids });
            }
        }
        (Record::Alert(_), Outcome::Alert(raised)) => {
            events.push(Event::AlertRaised { alert: Arc::new(raised.alert.clone()), is_new: raised.is_new });
            events.extend(
                raised
                    .notifications
                    .iter()
                    .map(|notification| Event::NotificationQueued(Arc::new(notification.clone()))),
            );
        }
        (Record::AlertChange { .. }, Outcome::AlertMoved { alert, is_won: true }) => {
            events.push(Event::AlertChanged(Arc::new(alert.as_ref().clone())));
        }
        (Record::Notification(_), Outcome::Notification(notification)) => {
            events.push(Event::NotificationQueued(Arc::new(notification.as_ref().clone())));
        }
        (Record::NotificationAttempt(_), Outcome::Notification(notification)) => {
            events.push(Event::NotificationMoved(Arc::new(notification.as_ref().clone())));
        }
        (Record::AiCall(call), Outcome::Done(seq)) => {
            let mut log = call.log.clone();
            log.seq = *seq;
            events.push(Event::AiCalled(Arc::new(log)));
        }
        _ => {}
    }
}

fn begun(run: &NewRun) -> RunSaved {
    let execution = &run.execution;
    RunSaved {
        id: execution.id.clone(),
        robot_uuid: execution.robot_uuid,
        session_id: execution.session_id.clone(),
        flow_id: execution.flow_id.clone(),
        messages: run.messages.clone(),
        status: execution.status,
        new_nodes: run.new_nodes.clone(),
        error_code: execution.error_code.clone(),
        duration_ms: execution.duration_ms,
    }
}

fn saved(checkpoint: &RunCheckpoint) -> RunSaved {
    RunSaved {
        id: checkpoint.id.clone(),
        robot_uuid: checkpoint.robot_uuid,
        session_id: checkpoint.session_id.clone(),
        flow_id: checkpoint.flow_id.clone(),
        messages: checkpoint.messages.clone(),
        status: checkpoint.status,
        new_nodes: checkpoint.new_nodes.clone(),
        error_code: checkpoint.error_code.clone(),
        duration_ms: checkpoint.duration_ms,
    }
}
