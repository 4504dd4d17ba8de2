//! The loop of the journal: gather, commit, publish, answer.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use workbot_schema::batch::{self, BatchContext, Outcome, Write};
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::sequences;
use workbot_schema::store::StoreError;

use super::JournalParts;
use super::event::{Event, Published, events_of};
use super::handle::{Asker, Health, JournalError, Shared, Written};
use super::pace::Pace;
use super::recovery::Recovery;
use crate::kernel::clock::millis;
use crate::kernel::{ActorStats, PostError, ask, post};

/// Numbers reserved at a time.
const BLOCK: i64 = 1_000_000;
/// A new block is reserved when fewer are left: more than one batch can use.
const RESERVE_BELOW: i64 = 100_000;
/// Rows of one batch may take about so long, milliseconds; less when promises may wait for less.
const AIM_MS: u64 = 500;
/// A batch that takes longer has an unknown outcome.
const COMMIT: Duration = Duration::from_secs(5);
/// While the database is away it is tried this often.
const PROBE: Duration = Duration::from_millis(500);
/// How long the router may keep the journal waiting.
const HAND_ON: Duration = Duration::from_secs(2);

struct Numbers {
    next: i64,
    end: i64,
}

/// What one batch teaches the next.
struct Course {
    numbers: Numbers,
    pace: Pace,
    recovery: Recovery,
}

impl Course {
    /// The database is away; numbers are not used twice, because the transaction may have been cut off after its commit.
    fn away(&mut self, shared: &Shared, error: &str) {
        self.numbers.next = self.numbers.end;
        self.recovery.failed(shared.clock.monotonic_ms());
        refuse_all(shared, Health::Away, error);
    }
}

/// Runs until the actor ends. The first thing it does is to reserve numbers, so nothing is written without.
pub(super) async fn run(parts: JournalParts, stats: Arc<ActorStats>) {
    let numbers = Numbers { next: 0, end: 0 };
    let mut course = Course { numbers, pace: Pace::default(), recovery: Recovery::default() };
    loop {
        let left = course.numbers.end - course.numbers.next;
        if left < RESERVE_BELOW && !reserve(&parts, &mut course).await {
            continue;
        }
        let shared = Arc::clone(&parts.handle.shared);
        let gathered = {
            let mut queue = shared.queue.lock();
            let limits = queue.limits();
            queue.gather(
                shared.clock.monotonic_ms(),
                course.pace.rows(AIM_MS.min(limits.wait_ms / 4), limits.batch_rows),
            )
        };
        for late in gathered.late {
            refuse(
                &shared,
                late.asker,
                &JournalError::Unavailable("it is too slow at the moment".to_owned()),
            );
        }
        if gathered.batch.is_empty() {
            shared.wake.notified().await;
            continue;
        }
        let entries =
            gathered.batch.into_iter().map(|waiting| (waiting.item.write, waiting.item.asker)).unzip();
        let handling = stats.handling("Commit", shared.clock.monotonic_ms());
        commit(&parts, &mut course, entries).await;
        drop(handling);
    }
}

/// Reserves the next block; on failure says so, waits a moment, and answers false.
async fn reserve(parts: &JournalParts, course: &mut Course) -> bool {
    let shared = &parts.handle.shared;
    match tokio::time::timeout(COMMIT, sequences::reserve(&parts.db, sequences::SEQ, BLOCK)).await {
        Ok(Ok(first)) => {
            let was_away = *shared.health.lock() == Health::Away;
            if was_away && !course.recovery.answered(shared.clock.monotonic_ms()) {
                tokio::time::sleep(PROBE).await;
                return false;
            }
            course.numbers = Numbers { next: first, end: first + BLOCK };
            if parts.handle.began_at() == 0 {
                shared.began_at.store(first, Ordering::Release);
            }
            available(shared);
            true
        }
        outcome => {
            let text = match outcome {
                Ok(Err(error)) => error.to_string(),
                _ => "no answer within 5 s".to_owned(),
            };
            course.away(shared, &text);
            tokio::time::sleep(PROBE).await;
            false
        }
    }
}

async fn commit(parts: &JournalParts, course: &mut Course, (writes, askers): (Vec<Write>, Vec<Asker>)) {
    let shared = &parts.handle.shared;
    // Shared with the thread that writes them; the events are made of them afterwards.
    let writes: Arc<[Write]> = writes.into();
    let rows = writes.iter().map(Vec::len).sum::<usize>();
    let context = BatchContext {
        first_seq: course.numbers.next,
        now: Ts::new(shared.clock.now()),
        timeouts: parts.timeouts,
    };
    course.numbers.next += i64::try_from(rows).unwrap_or(0);
    let started = tokio::time::Instant::now();
    let apply = tokio::time::timeout(COMMIT, batch::apply(&parts.db, Arc::clone(&writes), context));
    let applied = unless_slow(shared, apply).await;
    let counters = &shared.counters;
    counters.batches.fetch_add(1, Ordering::Relaxed);
    let took = started.elapsed();
    course.pace.took(rows, millis(took));
    counters.commit_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(0), Ordering::Relaxed);
    let has_promise = askers.iter().any(|asker| asker.reply.is_some());
    counters.promise_batches.fetch_add(u64::from(has_promise), Ordering::Relaxed);
    match applied {
        Ok(Ok(outcomes)) => settle(parts, &mut course.numbers, &writes, askers, outcomes).await,
        Ok(Err(error)) => {
            counters.failed_batches.fetch_add(1, Ordering::Relaxed);
            let answer = JournalError::from(&error);
            if error.class() == Class::Transient {
                course.away(shared, &error.to_string());
            } else {
                log::error!(error:% = error, writes = writes.len(); "a batch was refused as a whole");
                available(shared);
            }
            askers.into_iter().for_each(|asker| refuse(shared, asker, &answer));
        }
        Err(_elapsed) => {
            counters.failed_batches.fetch_add(1, Ordering::Relaxed);
            course.away(shared, "no answer within 5 s");
            askers.into_iter().for_each(|asker| refuse(shared, asker, &JournalError::NoAnswer));
        }
    }
}

/// Waits for a batch. Once it takes longer than a promise may wait, the database counts as away for everybody behind it, until it
/// answers after all.
async fn unless_slow<T, E, L>(
    shared: &Shared,
    apply: impl Future<Output = Result<Result<T, E>, L>>,
) -> Result<Result<T, E>, L> {
    let patience = Duration::from_millis(shared.queue.lock().limits().wait_ms);
    tokio::pin!(apply);
    tokio::select! {
        biased;
        applied = &mut apply => return applied,
        () = tokio::time::sleep(patience) => refuse_all(shared, Health::Slow, "a batch takes too long"),
    }
    let applied = apply.await;
    if matches!(applied, Ok(Ok(_))) {
        available(shared);
    }
    applied
}

async fn settle(
    parts: &JournalParts,
    numbers: &mut Numbers,
    writes: &[Write],
    askers: Vec<Asker>,
    outcomes: Vec<Result<Vec<Outcome>, StoreError>>,
) {
    let counters = &parts.handle.shared.counters;
    let mut events = Vec::new();
    let mut answers = Vec::with_capacity(askers.len());
    for ((write, asker), outcome) in writes.iter().zip(askers).zip(outcomes) {
        let answer: Written = match outcome {
            Ok(outcomes) => {
                counters.writes.fetch_add(1, Ordering::Relaxed);
                counters.records.fetch_add(u64::try_from(outcomes.len()).unwrap_or(0), Ordering::Relaxed);
                events.extend(asker.places.map(Event::PlacesKept));
                for (record, outcome) in write.iter().zip(&outcomes) {
                    events_of(record, outcome, &mut events);
                }
                Ok(outcomes)
            }
            Err(error) => {
                counters.failed_writes.fetch_add(1, Ordering::Relaxed);
                log::error!(error:% = error; "a write was refused by the database");
                Err(JournalError::from(&error))
            }
        };
        answers.push((asker.reply, answer));
    }
    if !events.is_empty() {
        let published = Published::after(numbers.next.saturating_sub(1), events);
        numbers.next = published.last.saturating_add(1);
        publish(parts, published).await;
    }
    for (reply, answer) in answers {
        // A caller that has gone needs no answer.
        if let Some(reply) = reply {
            drop(reply.send(answer));
        }
    }
}

/// Hands the events to the router first; while it is full the journal waits, so pressure reaches the edge.
async fn publish(parts: &JournalParts, published: Published) {
    let counters = &parts.handle.shared.counters;
    let is_directory_change = published.events.iter().any(Event::changes_directory);
    for listener in parts.listeners.iter() {
        // A full listener misses the batch; nothing that must not be lost depends on it.
        if post(listener, published.clone()).is_err() {
            counters.unheard.fetch_add(1, Ordering::Relaxed);
        }
    }
    if is_directory_change {
        if let Err(error) = ask(&parts.router, published, HAND_ON).await {
            counters.unpublished.fetch_add(1, Ordering::Relaxed);
            log::warn!(error:% = error; "the router did not take the events of a batch in time");
        }
        return;
    }
    let deadline = tokio::time::Instant::now() + HAND_ON;
    loop {
        match post(&parts.router, published.clone()) {
            Ok(()) => return,
            Err(PostError::Full | PostError::Closed) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => {
                // Wake-ups are hints: the sweep finds what was not told.
                counters.unpublished.fetch_add(1, Ordering::Relaxed);
                log::warn!(error:% = error; "the router did not take the events of a batch in time");
                return;
            }
        }
    }
}

fn refuse(shared: &Shared, asker: Asker, error: &JournalError) {
    shared.counters.refused.fetch_add(1, Ordering::Relaxed);
    if let Some(reply) = asker.reply {
        drop(reply.send(Err(error.clone())));
    }
}

fn available(shared: &Shared) {
    if std::mem::replace(&mut *shared.health.lock(), Health::Good) != Health::Good {
        log::info!("the database is back; writes are accepted again");
    }
}

/// Fails everything that waits, at once, and everything that comes until the database answers again.
fn refuse_all(shared: &Shared, health: Health, error: &str) {
    let before = {
        let mut present = shared.health.lock();
        let before = *present;
        *present = before.max(health);
        before
    };
    match health {
        Health::Away if before < health => {
            log::error!(error = error; "the database is away; writes are refused until it is back");
        }
        Health::Slow if before < health => {
            log::warn!(error = error; "the database is slow; writes are refused until it answers");
        }
        _ => {}
    }
    let waiting = shared.queue.lock().take_promises();
    let answer = JournalError::Unavailable(error.to_owned());
    waiting.into_iter().for_each(|entry| refuse(shared, entry.asker, &answer));
}
