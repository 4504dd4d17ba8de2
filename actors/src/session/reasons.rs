//! Pure: why a message was or was not answered, from what became of its run and of the command that carries the answer.
//!
//! | run | command | reason |
//! |---|---|---|
//! | goes on | none | undecided |
//! | – | waits for a robot that is away | `queued_offline` |
//! | – | waits, sent, confirmed, done, unknown | `answered`; `rule_reply` or `budget_spent` when that is who wrote it |
//! | – | failed | `failed` |
//! | – | expired | `expired` |
//! | – | cancelled | `taken_over` when a person took the conversation, else `failed` |
//! | completed | none | `answered`: the flow wants nothing said |
//! | failed | none | `failed`, or what its error says |
use workbot_schema::commands::CommandState;
use workbot_schema::messages::MessageReason;

/// Error code of a run that was started for the third time without an end.
pub const CRASHED: &str = "crashed";
/// Error code of a run, and detail of a message, that a restart found too old to answer.
pub const EXPIRED_BY_RESTART: &str = "expired_by_restart";
/// Error code of a run that ended because a person took the conversation.
pub const TAKEN_OVER: &str = "taken_over";
/// Error code of a run whose reply found the queue of its robot full.
pub const QUEUE_FULL: &str = "queue_full";
/// Longest detail kept, in characters.
const DETAIL_CHARS: usize = 200;

/// Who wrote the reply of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Author {
    /// Whoever was meant to: a model, a template, or the rules when there is no model.
    #[default]
    Usual,
    /// The rules, because a configured model failed.
    RulesForModel,
    /// The rules, because the token budget of the day is spent.
    RulesForBudget,
}

/// The command that carries the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carrier {
    /// Where it is.
    pub state: CommandState,
    /// Its robot was away when it was made.
    pub is_offline: bool,
}

/// What is known of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// It has ended.
    pub is_over: bool,
    /// Stable code and sentence of its failure.
    pub error: Option<(&'a str, &'a str)>,
    /// Who wrote the reply.
    pub author: Author,
    /// The command of the reply, if one was made.
    pub carrier: Option<Carrier>,
    /// A person has the conversation.
    pub is_taken_over: bool,
}

/// A reason and more about it.
pub type Told = (MessageReason, Option<String>);

/// The reason of the messages of a run; `None` while it is undecided.
pub fn reason(progress: Progress<'_>) -> Option<Told> {
    let Progress { is_over, error, author, carrier, is_taken_over } = progress;
    match carrier {
        Some(carrier) => Some(of_command(carrier, author, is_taken_over)),
        None => match error {
            _ if !is_over => None,
            Some((code, text)) => Some(of_failure(code, text)),
            None => Some((MessageReason::Answered, Some("no_reply".to_owned()))),
        },
    }
}

fn of_command(carrier: Carrier, author: Author, is_taken_over: bool) -> Told {
    let detail = |text: &str| Some(text.to_owned());
    match carrier.state {
        CommandState::Queued | CommandState::Sent if carrier.is_offline => {
            (MessageReason::QueuedOffline, None)
        }
        CommandState::Queued
        | CommandState::Sent
        | CommandState::Confirmed
        | CommandState::Succeeded
        | CommandState::Partial => (answered(author), None),
        CommandState::Unknown => (answered(author), detail("unknown")),
        CommandState::Failed => (MessageReason::Failed, detail("command_failed")),
        CommandState::Expired => (MessageReason::Expired, None),
        CommandState::Cancelled if is_taken_over => (MessageReason::TakenOver, None),
        CommandState::Cancelled => (MessageReason::Failed, detail("command_cancelled")),
    }
}

fn answered(author: Author) -> MessageReason {
    match author {
        Author::Usual => MessageReason::Answered,
        Author::RulesForModel => MessageReason::RuleReply,
        Author::RulesForBudget => MessageReason::BudgetSpent,
    }
}

fn of_failure(code: &str, text: &str) -> Told {
    match code {
        TAKEN_OVER => (MessageReason::TakenOver, None),
        EXPIRED_BY_RESTART => (MessageReason::Expired, Some(code.to_owned())),
        _ if text.is_empty() => (MessageReason::Failed, Some(code.to_owned())),
        _ => (MessageReason::Failed, Some(format!("{code}: {text}").chars().take(DETAIL_CHARS).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Progress<'_> =
        Progress { is_over: false, error: None, author: Author::Usual, carrier: None, is_taken_over: false };

    #[test]
    fn table() {
        use CommandState::{
            Cancelled, Confirmed, Expired, Failed, Partial, Queued, Sent, Succeeded, Unknown,
        };
        let over = Progress { is_over: true, ..OPEN };
        let failed = |error| Progress { error: Some(error), ..over };
        let carried = |state, is_offline| Progress { carrier: Some(Carrier { state, is_offline }), ..OPEN };
        for (name, progress, expected) in [
            ("goes on", OPEN, None),
            ("nothing to say", over, Some(("answered", Some("no_reply")))),
            ("failed", failed(("loop_limit", "too long")), Some(("failed", Some("loop_limit: too long")))),
            ("crashed", failed((CRASHED, "")), Some(("failed", Some("crashed")))),
            ("too old", failed((EXPIRED_BY_RESTART, "x")), Some(("expired", Some("expired_by_restart")))),
            ("silenced", failed((TAKEN_OVER, "x")), Some(("taken_over", None))),
            ("waits", carried(Queued, false), Some(("answered", None))),
            ("waits for a robot", carried(Queued, true), Some(("queued_offline", None))),
            ("pushed, not confirmed", carried(Sent, true), Some(("queued_offline", None))),
            ("confirmed after all", carried(Confirmed, true), Some(("answered", None))),
            ("done", carried(Succeeded, true), Some(("answered", None))),
            ("done for some", carried(Partial, false), Some(("answered", None))),
            ("nobody knows", carried(Unknown, false), Some(("answered", Some("unknown")))),
            ("the phone failed", carried(Failed, false), Some(("failed", Some("command_failed")))),
            ("too late", carried(Expired, true), Some(("expired", None))),
            ("taken back", carried(Cancelled, false), Some(("failed", Some("command_cancelled")))),
            (
                "taken back by a person",
                Progress { is_taken_over: true, ..carried(Cancelled, false) },
                Some(("taken_over", None)),
            ),
            (
                "sent before a person came",
                Progress { is_taken_over: true, ..carried(Sent, false) },
                Some(("answered", None)),
            ),
            (
                "the rules helped",
                Progress { author: Author::RulesForModel, ..carried(Sent, false) },
                Some(("rule_reply", None)),
            ),
            (
                "no money",
                Progress { author: Author::RulesForBudget, ..carried(Succeeded, false) },
                Some(("budget_spent", None)),
            ),
            (
                "sent, then failed",
                Progress { carrier: Some(Carrier { state: Sent, is_offline: false }), ..failed(("x", "y")) },
                Some(("answered", None)),
            ),
        ] {
            let told = reason(progress);
            let told = told.as_ref().map(|(reason, detail)| (reason.as_str(), detail.as_deref()));
            assert_eq!(told, expected, "{name}");
        }
    }

    #[test]
    fn a_detail_is_bounded() {
        let long = "长".repeat(1_000);
        let told = reason(Progress { is_over: true, error: Some(("x", &long)), ..OPEN }).unwrap();
        assert_eq!(told.1.unwrap().chars().count(), DETAIL_CHARS);
    }
}
