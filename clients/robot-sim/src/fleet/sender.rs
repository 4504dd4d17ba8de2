//! Submitting commands by REST: one, many at a rate, or a constant number in flight.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::config::{FleetConfig, Load, Way};
use crate::error::SimError;
use crate::identity::Identity;
use crate::ledger::Submission;
use crate::random::Random;
use crate::rest::{Answer, Rest};
use crate::tag::Tag;

/// Submissions under way at once; beyond, the open loop falls behind (and its latencies show it).
const UNDER_WAY_MAX: usize = 2_048;
/// The shortest time from one paced submission to the next.
const PERIOD_MIN: Duration = Duration::from_micros(10);
/// A closed-loop place is given up after this time without execution.
const EXECUTION_MAX: Duration = Duration::from_secs(60);

/// One robot as the sender sees it.
#[derive(Debug)]
struct Stream {
    identity: Identity,
    rest: Rest,
    sequence: AtomicU64,
    /// Held by the submission that was told to wait: nobody of the same robot pushes past it.
    turnstile: Mutex<()>,
}

/// Shared by all submitting tasks.
#[derive(Debug)]
pub(super) struct Sender {
    config: FleetConfig,
    streams: Vec<Stream>,
    accepted: AtomicU64,
    limited: AtomicU64,
    turn: AtomicU64,
}

impl Sender {
    pub(super) fn new(config: &FleetConfig) -> Result<Arc<Self>, SimError> {
        let rest = Rest::new(&config.url)?;
        let stream = |identity: &Identity| Stream {
            identity: identity.clone(),
            rest: rest.with_token(identity.token.as_str()),
            sequence: AtomicU64::new(0),
            turnstile: Mutex::new(()),
        };
        let streams = config.identities.iter().map(stream).collect();
        Ok(Arc::new(Self {
            config: config.clone(),
            streams,
            accepted: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            turn: AtomicU64::new(0),
        }))
    }

    /// Answers that said 429 so far.
    pub(super) fn limited(&self) -> u64 {
        self.limited.load(Ordering::Relaxed)
    }

    /// Submits until `until`, as the load says; returns when the last submission was answered.
    pub(super) async fn run(self: &Arc<Self>, until: Instant) {
        match self.config.load {
            Load::Idle => sleep_until(until).await,
            Load::Open { per_second } => {
                self.run_open(Duration::from_secs(1) / per_second.max(1), until).await;
            }
            Load::Paced { period } => self.run_open(period.max(PERIOD_MIN), until).await,
            Load::Closed { in_flight } => self.run_closed(in_flight, until).await,
        }
    }

    async fn run_open(self: &Arc<Self>, period: Duration, until: Instant) {
        let permits = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        let mut due = Instant::now();
        let mut tasks = JoinSet::new();
        while due < until {
            sleep_until(due).await;
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let (sender, intended_at) = (Arc::clone(self), due);
            tasks.spawn(async move {
                sender.submit_next(intended_at, until).await;
                drop(permit);
            });
            while tasks.try_join_next().is_some() {}
            due += period;
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn run_closed(self: &Arc<Self>, in_flight: u32, until: Instant) {
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let sender = Arc::clone(self);
            tasks.spawn(async move {
                while Instant::now() < until {
                    sender.submit_and_wait(until).await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn submit_and_wait(self: &Arc<Self>, until: Instant) {
        let Some((tag, index)) = self.next_tag() else {
            return sleep(Duration::from_millis(100)).await;
        };
        let executed = self.config.ledger.when_executed(tag);
        if !self.submit(index, tag, Instant::now(), Some(until)).await {
            return sleep(Duration::from_millis(20)).await;
        }
        if timeout(EXECUTION_MAX, executed).await.is_err() {
            log::debug!("{tag} was not executed within a minute");
        }
    }

    async fn submit_next(self: &Arc<Self>, intended_at: Instant, until: Instant) {
        if let Some((tag, index)) = self.next_tag() {
            self.submit(index, tag, intended_at, Some(until)).await;
        }
    }

    /// Submits `count` commands to one robot, one after the other, so that their order is certain.
    pub(super) async fn submit_row(self: &Arc<Self>, index: usize, count: u64) {
        for _ in 0..count {
            if let Some(tag) = self.tag(index) {
                self.submit(index, tag, Instant::now(), None).await;
            }
        }
    }

    fn next_tag(&self) -> Option<(Tag, usize)> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = u64::try_from(self.streams.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(turn.checked_rem(count)?).ok()?;
        Some((self.tag(index)?, index))
    }

    fn tag(&self, index: usize) -> Option<Tag> {
        let sequence = self.streams.get(index)?.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        Some(Tag::command(self.config.run, u32::try_from(index).unwrap_or(u32::MAX), sequence))
    }

    /// Submits one command; true when it was accepted. What the server has not taken by `until` is not pressed on it after.
    async fn submit(
        self: &Arc<Self>,
        index: usize,
        tag: Tag,
        intended_at: Instant,
        until: Option<Instant>,
    ) -> bool {
        let Some(stream) = self.streams.get(index) else { return false };
        // Behind one that was told to wait, everybody waits.
        drop(stream.turnstile.lock().await);
        if is_past(until) {
            return false;
        }
        let ledger = &self.config.ledger;
        let mut random = Random::new(self.config.seed ^ (tag.sequence << 20) ^ u64::from(tag.stream));
        let priority = if random.hits(self.config.urgent_permille) { 50 } else { 0 };
        let letter = self.letter(stream, tag, priority);
        ledger.begin_command(tag, &stream.identity.robot_id, priority, intended_at);
        let submission = self.submit_until_answered(stream, &letter, until, &mut random).await;
        let id = match &submission {
            Submission::Accepted(id) => Some(id.clone()),
            _ => None,
        };
        ledger.answer_command(tag, submission);
        let Some(id) = id else { return false };
        let accepted = self.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        if self.config.result_sample > 0 && accepted.is_multiple_of(self.config.result_sample) {
            tokio::spawn(watch_result(Arc::clone(self), index, tag, id));
        }
        if self.config.is_idempotent && random.hits(self.config.repeat_permille) {
            let verdict = letter.send().await;
            if let Verdict::Done(Submission::Accepted(id)) = verdict {
                ledger.command_answered_again(tag, &id);
            }
        }
        true
    }

    fn letter(&self, stream: &Stream, tag: Tag, priority: i64) -> Letter {
        let (group, content) = (format!("群{}", tag.sequence % 7), tag.padded(self.config.payload_bytes));
        let robot_id = &stream.identity.robot_id;
        let (path, body) = match self.config.way {
            Way::Native => {
                let body = json!({"robotId": robot_id, "type": "text", "titleList": [group, "张三"],
                    "content": content, "priority": priority});
                ("/api/robot/send-message".to_owned(), body)
            }
            Way::Worktool => {
                let item = json!({"type": 203, "titleList": [group], "receivedContent": content});
                let body = json!({"socketType": 2, "list": [item]});
                (format!("/wework/sendRawMessage?robotId={robot_id}"), body)
            }
        };
        let mut rest = stream.rest.clone();
        if self.config.is_idempotent {
            rest =
                rest.with_header("Idempotency-Key", format!("c-{}-{}-{}", tag.run, tag.stream, tag.sequence));
        }
        Letter { rest, way: self.config.way, path, body }
    }

    async fn submit_until_answered(
        &self,
        stream: &Stream,
        letter: &Letter,
        until: Option<Instant>,
        random: &mut Random,
    ) -> Submission {
        let deadline = Instant::now() + self.config.submit_deadline;
        let mut turn = None;
        // Once a try may have taken effect, no refusal of a later one says that it has not.
        let mut is_unsure = false;
        loop {
            let (submission, pause) = match letter.send().await {
                Verdict::Done(Submission::Refused(_)) if is_unsure => return Submission::Unsure,
                Verdict::Done(submission) => return submission,
                Verdict::Refused(status, secs) => {
                    if status == 429 {
                        self.limited.fetch_add(1, Ordering::Relaxed);
                    }
                    if self.config.is_persistent && status == 429 && turn.is_none() {
                        turn = Some(stream.turnstile.lock().await);
                    }
                    let submission = if is_unsure { Submission::Unsure } else { Submission::Refused(status) };
                    if !self.config.is_persistent || (!is_unsure && is_past(until)) {
                        return submission;
                    }
                    (submission, Duration::from_secs(secs))
                }
                Verdict::Unsure => {
                    is_unsure = true;
                    if !self.config.is_idempotent {
                        return Submission::Unsure;
                    }
                    let pause = Duration::from_millis(200);
                    (Submission::Unsure, random.between(pause / 2, pause))
                }
            };
            if Instant::now() + pause > deadline {
                return submission;
            }
            sleep(pause).await;
        }
    }
}

/// One submission as it is made, however often.
struct Letter {
    rest: Rest,
    way: Way,
    path: String,
    body: Value,
}

impl Letter {
    async fn send(&self) -> Verdict {
        let answer = self.rest.post(&self.path, &self.body).await;
        match self.way {
            Way::Native => judge(answer),
            Way::Worktool => judge_raw(answer),
        }
    }
}

fn is_past(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Done(Submission),
    /// Status and seconds to wait.
    Refused(u16, u64),
    /// No answer, or one that leaves open whether it took effect.
    Unsure,
}

fn judge(answer: Result<Answer, SimError>) -> Verdict {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            log::debug!("submission without answer: {error}");
            return Verdict::Unsure;
        }
    };
    let id = answer.text("/commandId").or_else(|_| answer.text("/messageId"));
    match (answer.status, id) {
        (200..=299, Ok(id)) => Verdict::Done(Submission::Accepted(id)),
        (429 | 503, _) => Verdict::Refused(answer.status, answer.retry_after().unwrap_or(1)),
        (409, _) if answer.envelope.error.as_deref() == Some("idempotency_in_progress") => Verdict::Unsure,
        (400..=499, _) => Verdict::Done(Submission::Refused(answer.status)),
        _ => Verdict::Unsure,
    }
}

/// WorkTool's own answers: HTTP 200 with `code` 200 and the id as `data`, or with another code when refused.
fn judge_raw(answer: Result<Answer, SimError>) -> Verdict {
    match answer {
        Ok(answer) if answer.status == 200 => match (answer.envelope.code, answer.text("")) {
            (200, Ok(id)) => Verdict::Done(Submission::Accepted(id)),
            (429, _) => Verdict::Refused(429, answer.retry_after().unwrap_or(1)),
            (200, Err(_)) => Verdict::Unsure,
            _ => Verdict::Done(Submission::Refused(500)),
        },
        other => judge(other),
    }
}

async fn watch_result(sender: Arc<Sender>, index: usize, tag: Tag, id: String) {
    let Some(stream) = sender.streams.get(index) else { return };
    match stream.rest.wait_state(&id, EXECUTION_MAX, is_final).await {
        Ok(_record) => sender.config.ledger.result_visible(tag),
        Err(error) => log::debug!("result of {tag} was not seen: {error}"),
    }
}

/// Whether a command in this state stays in it (`unknown` may still change, but nobody waits for that).
pub(super) fn is_final(state: &str) -> bool {
    matches!(state, "succeeded" | "partial" | "failed" | "expired" | "cancelled" | "unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_counts_as_accepted_or_refused() {
        let accepted = Verdict::Done(Submission::Accepted("m".into()));
        let cases = [
            (200, r#"{"success":true,"code":0,"data":{"messageId":"m","commandId":"m"}}"#, accepted),
            (200, r#"{"success":true,"code":0,"data":{}}"#, Verdict::Unsure),
            (
                429,
                r#"{"success":false,"error":"queue_full","data":{"retryAfter":3}}"#,
                Verdict::Refused(429, 3),
            ),
            (503, "", Verdict::Refused(503, 1)),
            (404, r#"{"error":"robot_not_found"}"#, Verdict::Done(Submission::Refused(404))),
            (409, r#"{"error":"idempotency_in_progress"}"#, Verdict::Unsure),
            (409, r#"{"error":"idempotency_mismatch"}"#, Verdict::Done(Submission::Refused(409))),
            (500, "", Verdict::Unsure),
        ];
        for (status, body, wanted) in cases {
            let answer = Answer {
                status,
                envelope: serde_json::from_str(body).unwrap_or_default(),
                headers: Vec::new(),
                body: body.into(),
                took: Duration::ZERO,
            };
            assert_eq!(judge(Ok(answer)), wanted, "{status} {body}");
        }
        assert_eq!(judge(Err(SimError::Stopped)), Verdict::Unsure);
    }

    #[test]
    fn raw_answers_are_told_by_their_code() {
        for (status, body, wanted) in [
            (
                200,
                r#"{"code":200,"message":"操作成功","data":"17844"}"#,
                Verdict::Done(Submission::Accepted("17844".into())),
            ),
            (200, r#"{"code":500,"message":"机器人编号不存在"}"#, Verdict::Done(Submission::Refused(500))),
            (429, r#"{"code":429,"message":"太多","data":{"retryAfter":4}}"#, Verdict::Refused(429, 4)),
            (503, "", Verdict::Refused(503, 1)),
            (200, r#"{"code":200,"data":null}"#, Verdict::Unsure),
        ] {
            let answer = Answer {
                status,
                envelope: serde_json::from_str(body).unwrap_or_default(),
                headers: Vec::new(),
                body: body.into(),
                took: Duration::ZERO,
            };
            assert_eq!(judge_raw(Ok(answer)), wanted, "{status} {body}");
        }
    }
}
