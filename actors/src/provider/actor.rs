//! The actor of one model.
//!
//! - *Owns:* the calls under way. Gate and health lie in its [`Slot`], so that they survive it.
//! - *Started by:* the desk, when the model can be called. *Supervised:* permanent; when it cannot be kept up, its gate is shut.
//! - *Mailbox:* [`SPEC`]; calls under way and waiting count. When it is full the question goes to the next model.
//! - *Lost on crash:* the calls under way; who asked is told at once and asks the next model.
//! - *Recovered from:* nothing is needed.
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use rand::random;
use tokio::time::{Instant, timeout};
use workbot_schema::fields::Ts;

use super::clients::{Call, Completion, Exchange, complete};
use super::failure::{Failure, FailureKind};
use super::prompt::Prompt;
use super::record::{CallTag, Recorder};
use super::slot::{Admitted, Ended, InFlight, Slot};
use super::spend::SpendBook;
use crate::kernel::clock::millis;
use crate::kernel::{ActorStats, Backoff, ChildSpec, Clock, Lane, Policy, Posted, RestartLimit};

/// How models are run.
pub const SPEC: ChildSpec = ChildSpec {
    kind: "provider",
    policy: Policy::Permanent,
    restarts: RestartLimit { max: 5, within: Duration::from_secs(60) },
    backoff: Backoff { min: Duration::from_millis(50), max: Duration::from_secs(5) },
    mailbox_capacity: 1_024,
    lane: Lane::Io,
};

/// Longest wait for a place among the calls under way; then the next model is asked.
const PLACE: Duration = Duration::from_secs(3);
/// The belt behind the client's own time limit.
const BELT: Duration = Duration::from_millis(250);

/// One question. Who asks waits for `left` and a second more.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Completion, Failure>")]
pub struct AskModel {
    /// What is asked.
    pub prompt: Arc<Prompt>,
    /// Time for it, waiting for a place included.
    pub left: Duration,
    /// A name for the conversation that tells nobody who speaks.
    pub user: Arc<str>,
    /// Passes breaker and rate: an operator wants to know.
    pub is_forced: bool,
    /// For the log of calls and the budget.
    pub tag: CallTag,
}

/// What every model is made of; clone freely.
#[derive(Clone)]
pub struct ProviderParts {
    /// Time.
    pub clock: Clock,
    /// The way out.
    pub exchange: Exchange,
    /// Where calls are logged.
    pub recorder: Recorder,
    /// What robots spent today.
    pub spend: SpendBook,
    /// Longest time of one call.
    pub total: Duration,
}

/// The actor.
pub struct ProviderActor {
    parts: ProviderParts,
    slot: Arc<Slot>,
    stats: Arc<ActorStats>,
}

impl ProviderActor {
    /// The actor of the model in `slot`.
    pub fn new(parts: ProviderParts, slot: Arc<Slot>, stats: Arc<ActorStats>) -> Self {
        Self { parts, slot, stats }
    }
}

impl Actor for ProviderActor {
    type Context = Context<Self>;

    fn started(&mut self, _ctx: &mut Self::Context) {
        self.stats.set_breaker(self.slot.breaker(self.parts.clock.monotonic_ms()));
    }
}

impl Handler<Posted<AskModel>> for ProviderActor {
    type Result = ResponseFuture<Result<Completion, Failure>>;

    fn handle(&mut self, posted: Posted<AskModel>, _ctx: &mut Self::Context) -> Self::Result {
        let (ask, handling) = posted.open(self.parts.clock.monotonic_ms());
        let (parts, slot, stats) = (self.parts.clone(), Arc::clone(&self.slot), Arc::clone(&self.stats));
        Box::pin(async move {
            let answer = answer(&parts, &slot, ask).await;
            stats.set_breaker(slot.breaker(parts.clock.monotonic_ms()));
            drop(handling);
            answer
        })
    }
}

async fn answer(parts: &ProviderParts, slot: &Arc<Slot>, ask: AskModel) -> Result<Completion, Failure> {
    let until = Instant::now() + ask.left;
    if let Some(wait) = slot.shut_for(parts.clock.monotonic_ms()).filter(|_wait| !ask.is_forced) {
        return Err(Failure::new(
            FailureKind::Shut,
            format!("the model is shut off for {} ms", millis(wait)),
        ));
    }
    let Ok(Ok(_place)) = timeout(PLACE.min(ask.left), slot.permits().acquire_owned()).await else {
        return Err(Failure::new(FailureKind::Busy, "too many calls to the model are under way"));
    };
    let (admitted, in_flight) = slot.admit(parts.clock.monotonic_ms(), ask.is_forced)?;
    let left = until.saturating_duration_since(Instant::now());
    call(parts, slot, admitted, in_flight, &ask, left).await
}

async fn call(
    parts: &ProviderParts,
    slot: &Arc<Slot>,
    admitted: Admitted,
    in_flight: InFlight,
    ask: &AskModel,
    left: Duration,
) -> Result<Completion, Failure> {
    let spec = slot.spec();
    let budget = parts.total.min(left);
    let begun_ms = parts.clock.monotonic_ms();
    let call = Call { spec: &spec, prompt: &ask.prompt, user: &ask.user, budget };
    let made = timeout(budget.saturating_add(BELT), complete(&parts.exchange, call)).await;
    let made = made.unwrap_or_else(|_elapsed| {
        let text = format!("no complete answer within {} ms", millis(budget));
        Err(Failure::new(FailureKind::TimedOut, text))
    });
    drop(in_flight);
    let (now, now_ms) = (parts.clock.now(), parts.clock.monotonic_ms());
    let duration_ms = now_ms.saturating_sub(begun_ms);
    let ended = Ended { now_ms, at: Ts::new(now), duration_ms, jitter: random() };
    let usage = match &made {
        Ok(completion) => completion.usage,
        Err(failure) => failure.usage,
    };
    if let Some(robot) = ask.tag.robot {
        parts.spend.add(robot, usage.total(), now);
    }
    parts.recorder.called(&spec, &ask.prompt, &ask.tag, &made, ended);
    match &made {
        Ok(_completion) => admitted.succeeded(ended),
        Err(failure) => {
            // Half of the usual time says nothing about a model that is merely slow.
            let is_cut_short = failure.kind == FailureKind::TimedOut && budget < parts.total / 2;
            admitted.failed(failure, is_cut_short, ended);
        }
    }
    made
}
