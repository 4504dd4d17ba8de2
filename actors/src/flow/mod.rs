//! Pure: the flow engine. A run is a state machine, [`Run::step`] (event → effects); it knows no clock, no store and no model.
//!
//! The session asks models, renders templates and matches rules, and feeds the answers back until the run waits or ends; then
//! context, state, node records and the effects that are records (command, alert, notice) go into one write.
//!
//! ```text
//! FlowDefinition ─ draft ─ validate ─▶ CompiledFlow      RunEvent ─▶ step ─ branches ─ visits ─ nodes ─▶ Effect
//! ```
//!
//! Branches are tokens: a node's edges without a condition are taken together, of those with one the first that is true. Where
//! branches meet, `all` waits for every branch that can still come and `any` for the first. A visit has a number, and together
//! with the try it is what an ask carries and its answer repeats; another answer is stale.
mod branches;
mod context;
mod draft;
mod effects;
mod event;
mod expression;
mod graph;
mod links;
mod nodes;
pub mod presets;
mod repeat;
mod run;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod validate;
mod visits;

use chrono::TimeDelta;

pub use effects::{
    AlertDraft, Effect, IntentAsk, Notice, ReplyAsk, RulesAsk, Submission, TemplateAsk, TemplateSource,
};
pub use event::{
    AskFailure, AskReport, CommandNews, Degraded, IntentOutcome, ReplyOutcome, RuleMatch, RunEvent, Visit,
};
pub use expression::{Expression, ExpressionFault, Language};
pub use graph::CompiledFlow;
pub use repeat::{RetryFrom, RetryRefusal};
pub use run::{Run, RunError, RunSeed};
pub use state::{Asking, Question, RunState, Sent, Spent, Token, TokenState};
pub use validate::{check_expressions, validate};
pub use visits::VISITS_MAX;

/// How long a node waits for an answer when it does not say so itself; longer than any turn may take.
pub const ANSWER_PATIENCE: TimeDelta = TimeDelta::seconds(30);
