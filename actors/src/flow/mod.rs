//! Pure: the flow engine. A run is a state machine, [`Run::step`] (event → effects); it knows no clock, no store and no model.
//!
//! The session asks models, renders templates and matches rules, and feeds the answers back until the run waits or ends; then
//! context, state, node records and the effects that are records (command, alert, notice) go into one write.
mod effects;
mod event;
mod graph;
mod run;
mod state;
mod validate;

pub use effects::{
    AlertDraft, Effect, IntentAsk, Notice, ReplyAsk, RulesAsk, Submission, TemplateAsk, TemplateSource,
};
pub use event::{
    AskFailure, AskReport, CommandNews, Degraded, IntentOutcome, ReplyOutcome, RuleMatch, RunEvent, Visit,
};
pub use graph::CompiledFlow;
pub use run::{Run, RunError, RunSeed};
pub use state::{Question, RunState, Spent, Token, TokenState};
pub use validate::{check_expressions, validate};
