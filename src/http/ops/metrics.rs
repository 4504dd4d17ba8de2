//! `GET /metrics`: Prometheus text. Open from this machine, elsewhere with `server.metrics_token`.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};
use workbot_actors::supervisor::directory::Presence;

use super::metrics_page::MetricsPage;
use super::socket_metrics::sockets;
use crate::http::auth::bearer::bearer;
use crate::http::auth::hash_of;
use crate::http::error::{ApiError, ApiResult, Unauthorized};
use crate::http::extract::ClientAddress;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};
use crate::settings::Secret;

/// Somebody with counters of their own, such as the deliveries.
pub trait Collect: Send + Sync {
    /// Writes them down. Reads atomics only: never waits, never asks an actor.
    fn collect(&self, page: &mut MetricsPage);
}

/// Shows the metrics.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "运维",
    summary = "Prometheus 指标",
    description = "本机可直接访问；其他地址需在 Authorization 中携带 server.metrics_token。",
    security((), ("metrics" = [])),
    responses(
        (status = 200, description = "Prometheus 文本", body = String, content_type = "text/plain",
            example = "workbot_robots_connected 3\n"),
        Failures
    )
)]
pub async fn metrics(state: State, client: ClientAddress, request: HttpRequest) -> ApiResult<HttpResponse> {
    admit(&state.settings.server.metrics_token, client, bearer(&request).ok())?;
    let mut page = MetricsPage::default();
    robots(&state, &mut page);
    actors(&state, &mut page);
    journal(&state, &mut page);
    sockets(&state, &mut page);
    edge(&state, &mut page);
    for source in &state.metrics {
        source.collect(&mut page);
    }
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(page.into_text()))
}

/// Loopback, or the token; hashes are compared, so that the time tells nothing.
fn admit(token: &Secret, client: ClientAddress, given: Option<&str>) -> ApiResult<()> {
    let is_right = token.is_set()
        && given.is_some_and(|given| hash_of(given.as_bytes()) == hash_of(token.expose().as_bytes()));
    if client.is_local() || is_right {
        return Ok(());
    }
    let reason = if given.is_some() { Unauthorized::Wrong } else { Unauthorized::Missing };
    Err(ApiError::Unauthorized(reason))
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn robots(state: &AppState, page: &mut MetricsPage) {
    let entries = state.directory.entries();
    let connected = entries.iter().filter(|entry| entry.is_connected()).count();
    let online = entries.iter().filter(|entry| entry.presence() == Presence::Online).count();
    let queued: i64 = entries.iter().map(|entry| entry.queued.load(Ordering::Relaxed).max(0)).sum();
    page.measure("workbot_robots_connected", "Robots with an open socket.", number(connected));
    page.measure("workbot_robots_online", "Robots that are present.", number(online));
    page.measure("workbot_robots_loaded", "Robots in memory.", number(entries.len()));
    page.measure(
        "workbot_commands_queued",
        "Commands waiting for robots in memory.",
        u64::try_from(queued).unwrap_or(0),
    );
}

#[derive(Default)]
struct Kind {
    actors: u64,
    depth: u64,
    capacity: u64,
    handled: u64,
    refused: u64,
    restarts: u64,
}

fn actors(state: &AppState, page: &mut MetricsPage) {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    for actor in state.registry.snapshot() {
        let kind = kinds.entry(actor.kind).or_default();
        kind.actors += 1;
        kind.depth += u64::from(actor.mailbox.depth);
        kind.capacity += u64::from(actor.mailbox.capacity);
        kind.handled += actor.handled;
        kind.refused += actor.refused;
        kind.restarts += u64::from(actor.restarts);
    }
    type Value = fn(&Kind) -> u64;
    let gauges: [(&str, &str, Value); 3] = [
        ("workbot_actors", "Living actors and recent failures, by kind.", |kind| kind.actors),
        ("workbot_mailbox_depth", "Messages waiting in mailboxes, by kind.", |kind| kind.depth),
        ("workbot_mailbox_capacity", "Places in mailboxes, by kind.", |kind| kind.capacity),
    ];
    for (name, help, value) in gauges {
        page.gauge(name, help);
        for (kind, numbers) in &kinds {
            page.value(name, &[("kind", kind)], value(numbers));
        }
    }
    // Temporary actors take their counts with them, so these are gauges of the living.
    let sums: [(&str, &str, Value); 3] = [
        ("workbot_actor_handled", "Messages handled by living actors, by kind.", |kind| kind.handled),
        ("workbot_actor_refused", "Messages refused by living actors, by kind.", |kind| kind.refused),
        ("workbot_actor_restarts", "Restarts of living actors, by kind.", |kind| kind.restarts),
    ];
    for (name, help, value) in sums {
        page.gauge(name, help);
        for (kind, numbers) in &kinds {
            page.value(name, &[("kind", kind)], value(numbers));
        }
    }
    page.count("workbot_actor_failures_total", "Panics and escalations.", state.registry.failures());
}

fn journal(state: &AppState, page: &mut MetricsPage) {
    let (promises, logs) = state.journal.depth();
    page.measure(
        "workbot_journal_waiting_promises",
        "Writes that wait and will be answered.",
        number(promises),
    );
    page.measure("workbot_journal_waiting_logs", "Writes that wait and may be dropped.", number(logs));
    page.measure(
        "workbot_journal_available",
        "1 while the database takes writes.",
        u64::from(state.journal.is_available()),
    );
    let counters = state.journal.counters();
    for (name, help, counter) in [
        ("workbot_journal_batches_total", "Transactions.", &counters.batches),
        (
            "workbot_journal_promise_batches_total",
            "Transactions with a promise in them.",
            &counters.promise_batches,
        ),
        ("workbot_journal_writes_total", "Writes committed.", &counters.writes),
        ("workbot_journal_records_total", "Records committed.", &counters.records),
        ("workbot_journal_commit_microseconds_total", "Time spent in transactions.", &counters.commit_us),
        (
            "workbot_journal_failed_batches_total",
            "Transactions that failed as a whole.",
            &counters.failed_batches,
        ),
        ("workbot_journal_failed_writes_total", "Writes that failed alone.", &counters.failed_writes),
        ("workbot_journal_refused_total", "Writes refused at once.", &counters.refused),
        ("workbot_journal_dropped_logs_total", "Logs dropped.", &counters.dropped_logs),
        (
            "workbot_journal_unpublished_total",
            "Batches the router did not take in time.",
            &counters.unpublished,
        ),
        ("workbot_journal_unheard_total", "Batches a full listener missed.", &counters.unheard),
    ] {
        page.count(name, help, read(counter));
    }
}

fn edge(state: &AppState, page: &mut MetricsPage) {
    let counters = &state.counters;
    page.counter("workbot_http_requests_total", "Answers by outcome.");
    for (outcome, counter) in
        [("ok", &counters.succeeded), ("refused", &counters.refused), ("failed", &counters.failed)]
    {
        page.value("workbot_http_requests_total", &[("outcome", outcome)], counter.get());
    }
    page.counter("workbot_limits_refused_total", "Requests refused by a limit.");
    for (limit, counter) in [
        ("requests", &counters.limited_requests),
        ("failures", &counters.limited_failures),
        ("queue", &counters.limited_queues),
        ("sockets", &counters.limited_sockets),
        ("bodies", &counters.refused_bodies),
    ] {
        page.value("workbot_limits_refused_total", &[("limit", limit)], counter.get());
    }
    for (name, help, counter) in [
        ("workbot_http_microseconds_total", "Time between head and answer.", &counters.duration_us),
        ("workbot_http_gated_total", "Requests refused by the closed gate.", &counters.gated),
        (
            "workbot_http_mended_bodies_total",
            "Bodies of phones with U+0000 replaced.",
            &counters.mended_bodies,
        ),
        ("workbot_http_replayed_total", "Answers repeated for an Idempotency-Key.", &counters.replayed),
        (
            "workbot_webhooks_ignored_total",
            "Webhook calls that told of nothing known here.",
            &counters.ignored_webhooks,
        ),
        ("workbot_tcp_connections_total", "Connections accepted.", &counters.connections),
    ] {
        page.count(name, help, counter.get());
    }
    let offload = state.offload.counts();
    page.measure("workbot_offload_waiting", "Offloaded work that waits.", number(offload.waiting));
    page.count("workbot_offload_done_total", "Offloaded work done.", offload.done);
    page.count("workbot_offload_refused_total", "Offloaded work refused.", offload.refused);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_from_here_else_by_token() {
        let client =
            |text: &str| ClientAddress { address: text.parse().unwrap(), is_forwarded_by_stranger: false };
        let token = Secret::new("0123456789abcdef");
        assert!(admit(&Secret::default(), client("127.0.0.1"), None).is_ok());
        assert!(admit(&Secret::default(), client("10.0.0.1"), Some("")).is_err());
        assert!(admit(&token, client("10.0.0.1"), None).is_err());
        assert!(admit(&token, client("10.0.0.1"), Some("wrong")).is_err());
        assert!(admit(&token, client("10.0.0.1"), Some("0123456789abcdef")).is_ok());
    }
}
