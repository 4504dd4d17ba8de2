//! Models: one supervised actor each, behind a gate, and rules when none of them answers.
//!
//! ```text
//!  session ─▶ Providers ─▶ order of models ─▶ AskModel ─▶ ProviderActor ─▶ gate ─▶ client ─▶ service
//!                 │                                                          │ breaker, places, rate
//!                 │                                         one AiCall ◀─────┴─▶ slot: health, counters
//!                 └─▶ rules (intents by words, replies by templates): there always is an answer
//!  store, journal's events ─▶ DeskActor ─▶ shelf (models, rules), their actors, health checks
//! ```
//! What a model is asked is made by [`prompt`], what it answers is read by [`answer`]; both hold chat and model text for data.
//! A model's text reaches a chat as text and the flow as one of the known intents, nothing else.
pub mod actor;
pub mod answer;
pub mod breaker;
pub mod budget;
pub mod capability;
pub mod chain;
pub mod clients;
pub mod desk;
pub mod failure;
pub mod handle;
pub mod health;
pub mod intents;
pub mod prompt;
pub mod record;
pub mod shelf;
pub mod slot;
pub mod spec;
mod spend;
#[cfg(test)]
mod tests;
pub mod turn;

use std::sync::Arc;
use std::time::Duration;

pub use actor::ProviderActor;
pub use answer::IntentResult;
pub use breaker::BreakerRule;
pub use capability::Need;
pub use clients::rules::Rules;
pub use desk::{DeskActor, DeskParts, PresetKeys, Reread};
pub use failure::FailureKind;
pub use handle::{HealthReport, Providers};
pub use slot::{GateDefaults, ModelSnapshot};
pub use turn::{
    Attachment, ChatMessage, Degraded, Intent, Reply, ReplyText, Role, RulesInput, Tried, TurnAnswer,
    TurnRequest,
};
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::store::Db;

use crate::delivery::http_client::HttpClient;
use crate::journal::JournalHandle;
use crate::kernel::{Kernel, Offload};
use actor::ProviderParts;
use clients::Exchange;
use handle::TurnLimits;
use intents::IntentMatcher;
use record::Recorder;
use shelf::Shelf;
use spend::SpendBook;

/// How models are called.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Longest time of one call, from resolving the name to the last byte.
    pub total: Duration,
    /// Longest answer in tokens when nobody says otherwise.
    pub max_tokens: u32,
    /// Bytes of an answer that are read.
    pub answer_bytes: usize,
    /// Gates of models whose config says nothing.
    pub gate: GateDefaults,
    /// A model that was not heard of for so long is asked for a sign of life; zero = never.
    pub health_every: Duration,
    /// Keys of presets.
    pub keys: PresetKeys,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(10),
            max_tokens: 2_000,
            answer_bytes: 256 * 1024,
            gate: GateDefaults { concurrency: 32, per_minute: 0, breaker: BreakerRule::default() },
            health_every: Duration::from_secs(300),
            keys: PresetKeys::default(),
        }
    }
}

/// What models need of the rest of the tree.
pub struct ProvidersParts {
    /// Clock, registry and threads.
    pub kernel: Kernel,
    /// Where models, templates and budgets stand.
    pub db: Db,
    /// Where calls are logged.
    pub journal: JournalHandle,
    /// The way out.
    pub http: HttpClient,
    /// Large answers are parsed there.
    pub offload: Offload,
    /// Opens keys.
    pub sealer: Arc<Sealer>,
    /// What rules tell before the templates are read.
    pub rules: Rules,
    /// How models are called.
    pub settings: ProviderSettings,
}

/// The rules that come with the program; templates are read from the store.
pub fn preset_rules() -> Rules {
    let intents = IntentMatcher::parse(include_str!("../../../config/intents.toml"));
    // A test reads the file, so this cannot happen; rules without intents still answer.
    let intents = intents.inspect_err(|error| log::error!(error:% = error; "no intents can be told"));
    Rules::new(Arc::new(intents.unwrap_or_default()), &[])
}

/// The handle, and what the desk that fills it is made of.
pub fn open(parts: ProvidersParts) -> (Providers, DeskParts) {
    let ProvidersParts { kernel, db, journal, http, offload, sealer, rules, settings } = parts;
    let (shelf, spend) = (Shelf::new(rules), SpendBook::default());
    let clock = kernel.clock.clone();
    let exchange =
        Exchange { http: http.with_answer_bytes(settings.answer_bytes), offload, clock: clock.clone() };
    let recorder = Recorder::new(journal);
    let provider = ProviderParts {
        clock: clock.clone(),
        exchange,
        recorder: recorder.clone(),
        spend: spend.clone(),
        total: settings.total,
    };
    let limits = TurnLimits { max_tokens: settings.max_tokens, total: settings.total };
    let providers = Providers::new(shelf.clone(), spend, db.clone(), (clock, recorder), limits);
    let desk = DeskParts {
        kernel,
        db,
        sealer,
        shelf,
        provider,
        gate: settings.gate,
        keys: settings.keys,
        health_every: settings.health_every,
    };
    (providers, desk)
}
