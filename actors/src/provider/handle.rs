//! How everybody else asks models.
//!
//! ```text
//! request ─▶ order of models ─▶ [ budget? time? ] ─▶ ask the model's actor ─▶ text ─▶ read it ─▶ answer
//!                  ▲                    │ no                 │ failed
//!                  └────────────────────┼──── next one ◀─────┘ (only what another try may mend)
//!                                       └──▶ rules: there always is an answer
//! ```
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use workbot_schema::ai_calls::AiPurpose;
use workbot_schema::ai_models::Provider;
use workbot_schema::ids::{ModelId, UserId};
use workbot_schema::store::Db;

use super::actor::AskModel;
use super::answer::{self, IntentResult};
use super::budget::{Usage, is_spent};
use super::capability::Need;
use super::chain::{Candidate, Course, Next, Stop, Wish, order};
use super::clients::Completion;
use super::clients::rules::Rules;
use super::desk::sign_of_life;
use super::failure::{Failure, FailureKind};
use super::prompt::{self, Asked, Prompt};
use super::record::Recorder;
use super::shelf::{Shelf, Shelved};
use super::slot::ModelSnapshot;
use super::spend::SpendBook;
use super::turn::{
    Attachment, Degraded, Intent, Reply, ReplyText, RulesInput, Tried, TurnAnswer, TurnRequest,
};
use crate::kernel::clock::millis;
use crate::kernel::{Clock, ask};

/// Said when somebody sends a picture that no model can look at.
const NO_IMAGES: &str = "抱歉，我暂时无法查看图片，请用文字描述一下您的问题，我会尽快为您解答。";
/// Said when somebody speaks.
const NO_VOICE: &str = "抱歉，我暂时无法收听语音，请用文字描述一下您的问题，我会尽快为您解答。";
/// Said when no model can write a report.
const NO_REPORT: &str = "暂时无法生成报告，请稍后重试。";

/// Longest answers when a request names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnLimits {
    /// Tokens of an answer.
    pub max_tokens: u32,
    /// Longest time of one call.
    pub total: Duration,
}

/// The way to the models; clone freely.
#[derive(Clone)]
pub struct Providers {
    shelf: Shelf,
    spend: SpendBook,
    db: Db,
    clock: Clock,
    recorder: Recorder,
    limits: TurnLimits,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthReport {
    /// Whether the model answered.
    pub is_healthy: bool,
    /// What went wrong otherwise.
    pub error: Option<String>,
    /// Milliseconds it took.
    pub duration_ms: u64,
    /// What is known of the model now.
    pub model: ModelSnapshot,
}

/// What came of the models of a question.
struct Asking {
    completion: Option<(Completion, Shelved)>,
    tried: Vec<Tried>,
    usage: Usage,
    cost_micros: i64,
    /// Set when models were configured and none answered.
    degraded: Option<Degraded>,
    duration_ms: u64,
}

impl Providers {
    /// A handle over the shelf that the desk fills.
    pub fn new(
        shelf: Shelf,
        spend: SpendBook,
        db: Db,
        (clock, recorder): (Clock, Recorder),
        limits: TurnLimits,
    ) -> Self {
        Self { shelf, spend, db, clock, recorder, limits }
    }

    /// What the last message is about. Takes at most what is left of the turn.
    pub async fn intent(&self, request: TurnRequest) -> Intent {
        let rules = self.rules();
        let needs =
            if request.image().is_some() { vec![Need::Intent, Need::Image] } else { vec![Need::Intent] };
        // Text beside a picture is enough to tell what somebody wants; without it only the picture could.
        let needs = if request.has_text() { vec![Need::Intent] } else { needs };
        let is_speech = matches!(request.attachment, Attachment::Voice) && !request.has_text();
        let choices = rules.choices();
        let prompt = prompt::intent(self.asked(&request), &choices);
        let prompt = if needs.contains(&Need::Image) { prompt } else { Prompt { image: None, ..prompt } };
        let asking = match is_speech {
            true => Asking::nobody(),
            false => self.ask(&request, needs, prompt, |completion| !completion.text.trim().is_empty()).await,
        };
        let names: Vec<&str> = choices.iter().map(|choice| choice.name).collect();
        asking.answer(|completion| match completion {
            Some(completion) => answer::intent(&completion.text, &names),
            None => rules.intent(&request.rules),
        })
    }

    /// What is said to the last message. Takes at most what is left of the turn.
    pub async fn reply(&self, request: TurnRequest) -> Reply {
        let needs = match &request.attachment {
            Attachment::None => vec![Need::Reply],
            Attachment::Image(_) => vec![Need::Reply, Need::Image],
            Attachment::Voice => Vec::new(),
        };
        let refusal = match &request.attachment {
            Attachment::None => None,
            Attachment::Image(_) => Some(NO_IMAGES),
            Attachment::Voice => Some(NO_VOICE),
        };
        let is_hopeless = needs.is_empty() || (refusal.is_some() && request.image().is_none());
        let asking = match is_hopeless {
            true => Asking::nobody(),
            false => {
                let prompt = prompt::reply(self.asked(&request));
                self.ask(&request, needs, prompt, |completion| answer::reply_text(&completion.text).is_some())
                    .await
            }
        };
        asking.answer(|completion| match completion.and_then(|made| answer::reply_text(&made.text)) {
            Some(text) => ReplyText { text, template_id: None },
            None => match refusal {
                Some(text) => ReplyText { text: text.to_owned(), template_id: None },
                None if request.purpose == AiPurpose::Debug => self.rules().reply(&request.rules),
                None => self.reply_by_rules(&request.rules),
            },
        })
    }

    /// A report over the data in the messages. Takes at most what is left of the turn.
    pub async fn report(&self, request: TurnRequest) -> Reply {
        let prompt = prompt::report(self.asked(&request));
        let is_good = |completion: &Completion| answer::reply_text(&completion.text).is_some();
        let asking = self.ask(&request, vec![Need::Report], prompt, is_good).await;
        asking.answer(|completion| {
            let text = completion.and_then(|made| answer::reply_text(&made.text));
            ReplyText { text: text.unwrap_or_else(|| NO_REPORT.to_owned()), template_id: None }
        })
    }

    /// Asks a model for a sign of life, whatever its gate says; `None` when there is no such model that could be called.
    pub async fn health(&self, model: &ModelId) -> Option<HealthReport> {
        let shelved = self.shelf.models().by_id.get(model).cloned()?;
        let begun = Instant::now();
        let question = AskModel { is_forced: true, ..sign_of_life(self.limits.total) };
        let answer = self.ask_one(&shelved, question).await;
        Some(HealthReport {
            is_healthy: answer.is_ok(),
            error: answer.err().map(|failure| failure.text),
            duration_ms: millis(begun.elapsed()),
            model: shelved.slot.snapshot(self.clock.monotonic_ms()),
        })
    }

    /// Whether any model would be asked for an intent or a reply; without one the rules may be asked at once.
    pub fn has_models(&self, owner: Option<&UserId>, preferred: &[ModelId], need: Need) -> bool {
        let wish = Wish {
            owner: owner.cloned(),
            preferred: preferred.to_vec(),
            needs: vec![need],
            ..Wish::default()
        };
        !order(&self.shelf.models().candidates, &wish).is_empty()
    }

    /// The model that goes by the provider's name, when a robot of `owner` may ask it; of several the one asked first.
    pub fn find_named(&self, name: &str, owner: Option<&UserId>) -> Option<ModelId> {
        let models = self.shelf.models();
        let named = models.by_id.values().filter(|shelved| shelved.spec.model_name == name);
        let candidates: Vec<Candidate> = named
            .map(|shelved| Candidate { in_default_chain: true, ..shelved.spec.candidate.clone() })
            .collect();
        order(&candidates, &Wish { owner: owner.cloned(), ..Wish::default() }).into_iter().next()
    }

    /// What rules say; the template it was made of is counted.
    pub fn reply_by_rules(&self, input: &RulesInput) -> ReplyText {
        let said = self.rules().reply(input);
        if let Some(template) = &said.template_id {
            self.recorder.template_used(template);
        }
        said
    }

    /// The rules, which answer at once.
    pub fn rules(&self) -> Arc<Rules> {
        self.shelf.rules()
    }

    /// Every model that could be called, in no order.
    pub fn snapshot(&self) -> Vec<ModelSnapshot> {
        let now_ms = self.clock.monotonic_ms();
        self.shelf.models().by_id.values().map(|shelved| shelved.slot.snapshot(now_ms)).collect()
    }

    /// One model, when it could be called.
    pub fn find(&self, model: &ModelId) -> Option<ModelSnapshot> {
        let now_ms = self.clock.monotonic_ms();
        self.shelf.models().by_id.get(model).map(|shelved| shelved.slot.snapshot(now_ms))
    }

    #[cfg(test)]
    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    fn asked<'a>(&self, request: &'a TurnRequest) -> Asked<'a> {
        Asked {
            system: &request.system,
            messages: &request.messages,
            attachment: &request.attachment,
            temperature: request.temperature,
            max_tokens: request.max_tokens.unwrap_or(self.limits.max_tokens),
        }
    }

    async fn ask(
        &self,
        request: &TurnRequest,
        needs: Vec<Need>,
        prompt: Prompt,
        is_good: impl Fn(&Completion) -> bool,
    ) -> Asking {
        let begun = Instant::now();
        let models = self.shelf.models();
        let wish = Wish {
            owner: request.owner.clone(),
            preferred: request.preferred.clone(),
            asked: request.asked.clone(),
            needs,
            is_exclusive: request.is_exclusive,
        };
        let order = order(&models.candidates, &wish);
        let had_models = !order.is_empty() || !request.asked.is_empty();
        let (prompt, user) = (Arc::new(prompt), request.user());
        let mut course = Course::new(order, request.asked.len());
        let mut asking = Asking::nobody();
        loop {
            let left = request.left.saturating_sub(begun.elapsed());
            let id = match course.next(left, self.is_spent(request).await) {
                Next::Ask(id) => id,
                Next::Stop(stop) => {
                    let is_spent = stop == Stop::Budget;
                    let degraded = if is_spent { Degraded::BudgetSpent } else { Degraded::ModelFailed };
                    asking.degraded = had_models.then_some(degraded);
                    break;
                }
            };
            let Some(shelved) = models.by_id.get(&id) else {
                course.passed_over();
                continue;
            };
            let calls = asking.tried.iter().filter(|tried| tried.kind.was_called()).count();
            let tries = request.asked.len().saturating_add(calls).saturating_add(1);
            let question = AskModel {
                prompt: Arc::clone(&prompt),
                left,
                user: Arc::clone(&user),
                is_forced: false,
                tag: request.tag(i32::try_from(tries).unwrap_or(i32::MAX)),
            };
            let mut made = self.ask_one(shelved, question).await;
            if let Ok(completion) = &made {
                asking.count(shelved, completion.usage);
                if !is_good(completion) {
                    made = Err(Failure::new(FailureKind::Empty, "nothing of the answer can be used"));
                }
            }
            match made {
                Ok(completion) => {
                    asking.completion = Some((completion, shelved.clone()));
                    break;
                }
                Err(failure) => {
                    asking.count(shelved, failure.usage);
                    if failure.kind.was_called() {
                        course.failed(failure.class());
                    } else {
                        course.passed_over();
                    }
                    asking.tried.push(Tried { model: id, kind: failure.kind, error: failure.text });
                }
            }
        }
        asking.duration_ms = millis(begun.elapsed());
        asking
    }

    async fn ask_one(&self, shelved: &Shelved, question: AskModel) -> Result<Completion, Failure> {
        let deadline = question.left.saturating_add(Duration::from_secs(1));
        match ask(&shelved.actor, question, deadline).await {
            Ok(answer) => answer,
            Err(error) => Err(Failure::new(FailureKind::Down, error.to_string())),
        }
    }

    async fn is_spent(&self, request: &TurnRequest) -> bool {
        let (Some(robot), daily) = (request.robot, request.daily_token_budget) else { return false };
        daily > 0 && is_spent(daily, self.spend.today(&self.db, robot, self.clock.now()).await)
    }
}

impl Asking {
    fn nobody() -> Self {
        Self {
            completion: None,
            tried: Vec::new(),
            usage: Usage::default(),
            cost_micros: 0,
            degraded: None,
            duration_ms: 0,
        }
    }

    fn count(&mut self, shelved: &Shelved, usage: Usage) {
        self.usage = self.usage.plus(usage);
        self.cost_micros = self.cost_micros.saturating_add(shelved.spec.price().cost(usage));
    }

    fn answer<T>(self, value: impl FnOnce(Option<&Completion>) -> T) -> TurnAnswer<T> {
        let by = self.completion.as_ref().map(|(_completion, shelved)| Arc::clone(&shelved.spec));
        TurnAnswer {
            value: value(self.completion.as_ref().map(|(completion, _shelved)| completion)),
            model_name: by.as_ref().map_or_else(|| "rules".to_owned(), |spec| spec.model_name.clone()),
            provider: by.as_ref().map_or(Provider::Rules, |spec| spec.provider),
            by: by.map(|spec| spec.id.clone()),
            tokens_in: self.usage.tokens_in,
            tokens_out: self.usage.tokens_out,
            cost_micros: self.cost_micros,
            duration_ms: self.duration_ms,
            tried: self.tried,
            degraded: self.degraded,
        }
    }
}

/// What rules make of a message on their own, for callers that need no model.
pub fn by_rules<T>(value: T) -> TurnAnswer<T> {
    Asking::nobody().answer(|_completion| ()).map(|()| value)
}

impl TurnAnswer<IntentResult> {
    /// An intent that rules told.
    pub fn of_rules(intent: IntentResult) -> Self {
        by_rules(intent)
    }
}
