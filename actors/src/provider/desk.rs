//! The desk keeps the shelf of models as the store has it, and their actors running.
//!
//! - *Owns:* when the store was read last; the shelf and the actors on it outlive it.
//! - *Started by:* the root. *Supervised:* permanent.
//! - *Mailbox:* the journal's events and its own ticks; what it misses, it finds when it reads the store again, ≤ 5 s later.
//! - *Lost on crash:* a reading under way, which begins again. *Recovered from:* the store.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use tokio::sync::oneshot;
use workbot_schema::ai_calls::AiPurpose;
use workbot_schema::ai_message_templates::{self, AiMessageTemplate};
use workbot_schema::ai_models::{self, AiModel, Provider};
use workbot_schema::configuration::ConfigurationKind;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::ModelId;
use workbot_schema::store::{Db, StoreResult};

use super::actor::{AskModel, ProviderActor, ProviderParts, SPEC};
use super::prompt;
use super::record::CallTag;
use super::shelf::{Models, Shelf, Shelved};
use super::slot::{GateDefaults, Slot};
use super::spec::ModelSpec;
use crate::journal::{Event, Published};
use crate::kernel::{ActorRef, ActorStats, Kernel, Posted, ask, supervise};

/// How often gates and health are looked at.
const TICK: Duration = Duration::from_secs(1);
/// Changes by another process are seen within this time.
const READ_EVERY: Duration = Duration::from_secs(5);
/// A model whose actor cannot be kept up is left alone for so long.
const DOWN: Duration = Duration::from_secs(300);
/// Id of the desk in the rows of its children.
pub const DESK_ID: &str = "providers";

/// Keys that the settings give to the presets of a provider.
#[derive(Clone, Default)]
pub struct PresetKeys(HashMap<&'static str, String>);

impl PresetKeys {
    /// The same with the key of a provider; an empty one is none.
    pub fn with(mut self, provider: Provider, key: &str) -> Self {
        if !key.is_empty() {
            self.0.insert(provider.as_str(), key.to_owned());
        }
        self
    }

    fn of(&self, provider: Provider) -> &str {
        self.0.get(provider.as_str()).map(String::as_str).unwrap_or_default()
    }
}

/// What the desk needs to run; clone freely.
#[derive(Clone)]
pub struct DeskParts {
    /// Threads and registry for the models' actors.
    pub kernel: Kernel,
    /// Where models and templates stand.
    pub db: Db,
    /// Opens their keys.
    pub sealer: Arc<Sealer>,
    /// What it keeps.
    pub shelf: Shelf,
    /// What models are made of.
    pub provider: ProviderParts,
    /// Gates of models whose config says nothing.
    pub gate: GateDefaults,
    /// Keys of presets.
    pub keys: PresetKeys,
    /// A model that was not heard of for so long is asked for a sign of life; zero = never.
    pub health_every: Duration,
}

/// The actor.
pub struct DeskActor {
    parts: DeskParts,
    stats: Arc<ActorStats>,
    is_reading: bool,
    /// Something changed while the store was being read.
    is_stale: bool,
    read_ms: Option<u64>,
    marks: Option<Marks>,
    /// Who waits for the reading after the present one.
    waiting: Vec<oneshot::Sender<()>>,
}

type Marks = ((i64, i64), (i64, i64));

/// Somebody changed models or templates: read them now. Answered when they are on the shelf.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Reread;

/// What a reading brought.
struct Read {
    models: Option<Vec<AiModel>>,
    templates: Option<Vec<AiMessageTemplate>>,
    marks: Marks,
}

impl DeskActor {
    /// A desk over its parts; reads when it is started.
    pub fn new(parts: DeskParts, stats: Arc<ActorStats>) -> Self {
        Self {
            parts,
            stats,
            is_reading: false,
            is_stale: false,
            read_ms: None,
            marks: None,
            waiting: Vec::new(),
        }
    }

    /// Reads what changed since the last time.
    fn read(&mut self, ctx: &mut Context<Self>) {
        if self.is_reading {
            self.is_stale = true;
            return;
        }
        let now_ms = self.parts.kernel.clock.monotonic_ms();
        (self.is_reading, self.is_stale, self.read_ms) = (true, false, Some(now_ms));
        let handling = self.stats.handling("ReadModels", now_ms);
        let work = read(self.parts.db.clone(), self.marks);
        let served = std::mem::take(&mut self.waiting);
        ctx.spawn(work.into_actor(self).map(move |read, actor, ctx| {
            drop(handling);
            actor.is_reading = false;
            match read {
                Ok(read) => actor.take(read),
                Err(error) => log::warn!(error:% = error; "the models cannot be read; those known stay"),
            }
            for waiting in served {
                // Whoever asked may have gone.
                let _gone = waiting.send(());
            }
            if actor.is_stale {
                actor.read(ctx);
            }
        }));
    }

    fn take(&mut self, read: Read) {
        self.marks = Some(read.marks);
        if let Some(templates) = read.templates {
            let rules = self.parts.shelf.rules().with_templates(&templates);
            self.parts.shelf.set_rules(rules);
        }
        if let Some(rows) = read.models {
            self.shelve(&rows);
        }
    }

    /// Starts actors for models that can be called, keeps those that are there, retires the rest.
    fn shelve(&self, rows: &[AiModel]) {
        let before = self.parts.shelf.models();
        let mut by_id = HashMap::new();
        for row in rows {
            let spec = self.spec(row);
            if !spec.is_callable {
                continue;
            }
            let known = before.by_id.get(&row.id).filter(|known| known.spec.is_same_service(&spec));
            let shelved = match known {
                Some(known) if known.spec.config == spec.config => {
                    known.slot.replace(spec.clone());
                    Shelved { spec: Arc::new(spec), ..known.clone() }
                }
                _ => self.start(spec),
            };
            by_id.insert(row.id.clone(), shelved);
        }
        let models = Models::new(by_id);
        for (id, old) in &before.by_id {
            let is_kept = models.by_id.get(id).is_some_and(|new| new.actor.is_same(&old.actor));
            if !is_kept {
                old.actor.retire();
            }
        }
        log::debug!(models = models.by_id.len(); "models were read");
        self.parts.shelf.set_models(models);
    }

    fn spec(&self, row: &AiModel) -> ModelSpec {
        let opened = row.api_key_encrypted.as_deref().and_then(|sealed| {
            let opened = self.parts.sealer.open(&AiModel::key_place(&row.id), sealed);
            opened
                .inspect_err(|error| {
                    log::error!(model = row.id.as_str(), error:% = error; "the key of a model cannot be opened");
                })
                .ok()
        });
        ModelSpec::of(row, opened, self.parts.keys.of(row.provider))
    }

    fn start(&self, spec: ModelSpec) -> Shelved {
        let slot = Arc::new(Slot::new(spec.clone(), self.parts.gate));
        slot.begin(self.parts.kernel.clock.monotonic_ms());
        let actor = self.start_actor(&spec.id, &slot);
        Shelved { slot, spec: Arc::new(spec), actor }
    }

    fn start_actor(&self, id: &ModelId, slot: &Arc<Slot>) -> ActorRef<ProviderActor> {
        let (parts, own, down) = (self.parts.provider.clone(), Arc::clone(slot), Arc::clone(slot));
        let clock = self.parts.kernel.clock.clone();
        let on_end = move |_ended| {
            let until_ms = clock.monotonic_ms().saturating_add(crate::kernel::clock::millis(DOWN));
            down.set_down(Some(until_ms));
        };
        supervise(
            &self.parts.kernel,
            &SPEC,
            id.as_str(),
            Some(Arc::from(DESK_ID)),
            move |_ctx, stats| ProviderActor::new(parts.clone(), Arc::clone(&own), stats),
            Box::new(on_end),
        )
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let clock = self.parts.kernel.clock.clone();
        let now_ms = clock.monotonic_ms();
        let _handling = self.stats.handling("Tick", now_ms);
        let is_old =
            |read_ms: u64| now_ms.saturating_sub(read_ms) >= crate::kernel::clock::millis(READ_EVERY);
        if !self.is_reading && self.read_ms.is_none_or(is_old) {
            self.read(ctx);
        }
        self.raise_the_dead(now_ms);
        for shelved in self.parts.shelf.models().by_id.values() {
            let state = shelved.slot.breaker(now_ms);
            shelved.actor.stats().set_breaker(state);
            self.look_after(shelved, now_ms);
        }
    }

    /// Actors that ended too often get another life when their time is over.
    fn raise_the_dead(&self, now_ms: u64) {
        let models = self.parts.shelf.models();
        let is_due =
            |shelved: &&Shelved| shelved.slot.down_until().is_some_and(|until_ms| now_ms >= until_ms);
        if !models.by_id.values().any(|shelved| is_due(&shelved)) {
            return;
        }
        let mut by_id = models.by_id.clone();
        for shelved in by_id.values_mut() {
            if is_due(&&*shelved) {
                shelved.slot.set_down(None);
                shelved.actor = self.start_actor(&shelved.spec.id, &shelved.slot);
            }
        }
        self.parts.shelf.set_models(Models::new(by_id));
    }

    /// Reports what was heard of a model, and asks one that is silent or whose breaker waits for a probe.
    fn look_after(&self, shelved: &Shelved, now_ms: u64) {
        let every = self.parts.health_every;
        if every.is_zero() || !shelved.spec.candidate.is_usable {
            return;
        }
        if let Some((status, evidence)) = shelved.slot.take_report(now_ms, every) {
            self.parts.provider.recorder.health(&shelved.spec, status, &evidence);
        }
        if shelved.slot.wants_check(now_ms, every) && shelved.slot.take_check() {
            let (slot, left) = (Arc::clone(&shelved.slot), self.parts.provider.total);
            let question = sign_of_life(left);
            let answer = ask(&shelved.actor, question, left.saturating_add(Duration::from_secs(1)));
            // The outcome is in the slot, whatever it is.
            drop(actix_rt::spawn(async move {
                drop(answer.await);
                slot.end_check();
            }));
        }
    }
}

/// The cheapest question there is.
pub(super) fn sign_of_life(left: Duration) -> AskModel {
    AskModel {
        prompt: Arc::new(prompt::health()),
        left,
        user: Arc::from("workbot-health"),
        is_forced: false,
        tag: CallTag::bare(AiPurpose::Health),
    }
}

async fn read(db: Db, known: Option<Marks>) -> StoreResult<Read> {
    let marks = (ai_models::mark(&db).await?, ai_message_templates::mark(&db).await?);
    let models = match known {
        Some((models, _templates)) if models == marks.0 => None,
        _ => Some(ai_models::list_all(&db).await?),
    };
    let templates = match known {
        Some((_models, templates)) if templates == marks.1 => None,
        _ => Some(ai_message_templates::list_all(&db).await?),
    };
    Ok(Read { models, templates, marks })
}

impl Actor for DeskActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.read(ctx);
        ctx.run_interval(TICK, Self::tick);
    }
}

impl Handler<Posted<Published>> for DeskActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Published>, ctx: &mut Self::Context) {
        let (Published { events, .. }, _handling) = posted.open(self.parts.kernel.clock.monotonic_ms());
        let concerns = |event: &Event| {
            matches!(
                event,
                Event::Configured { kind: ConfigurationKind::Model | ConfigurationKind::Template, .. }
            )
        };
        if events.iter().any(concerns) {
            self.read(ctx);
        }
    }
}

impl Handler<Posted<Reread>> for DeskActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, posted: Posted<Reread>, ctx: &mut Self::Context) -> Self::Result {
        let (Reread, _handling) = posted.open(self.parts.kernel.clock.monotonic_ms());
        let (sender, served) = oneshot::channel();
        self.waiting.push(sender);
        self.read(ctx);
        // A reading that ends without an answer is as good as none: whoever asked goes on.
        Box::pin(async move { drop(served.await) })
    }
}
