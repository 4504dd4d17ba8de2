//! What the actors count: callbacks, logins, the sweep, the janitor, messages.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use workbot_actors::Tree;
use workbot_actors::alert::AlertCounters;
use workbot_actors::janitor::JanitorCounters;
use workbot_actors::supervisor::endpoints::Endpoints;
use workbot_actors::supervisor::router::RouterCounters;
use workbot_actors::supervisor::sessions::Sessions;
use workbot_actors::supervisor::sweep::SweepCounters;

use super::metrics::Collect;
use super::metrics_page::MetricsPage;

/// The counters of a tree.
pub struct TreeMetrics {
    endpoints: Endpoints,
    router: Arc<RouterCounters>,
    sweep: Arc<SweepCounters>,
    janitor: Arc<JanitorCounters>,
    sessions: Sessions,
    alerts: Arc<AlertCounters>,
}

impl TreeMetrics {
    /// Those of a running tree.
    pub fn of(tree: &Tree) -> Self {
        Self {
            endpoints: tree.endpoints.clone(),
            router: Arc::clone(&tree.router_counters),
            sweep: Arc::clone(&tree.sweep_counters),
            janitor: Arc::clone(&tree.janitor_counters),
            sessions: tree.sessions.clone(),
            alerts: Arc::clone(&tree.alerts.counters),
        }
    }
}

fn counts(page: &mut MetricsPage, rows: &[(&str, &str, &AtomicU64)]) {
    for (name, help, counter) in rows {
        page.count(name, help, counter.load(Ordering::Relaxed));
    }
}

impl Collect for TreeMetrics {
    fn collect(&self, page: &mut MetricsPage) {
        let callbacks = self.endpoints.board().counters();
        let outcomes = "workbot_callbacks_total";
        page.counter(outcomes, "Callbacks by outcome.");
        for (outcome, counter) in [
            ("delivered", &callbacks.delivered),
            ("failed", &callbacks.failed),
            ("dropped", &callbacks.dropped),
        ] {
            page.value(outcomes, &[("outcome", outcome)], counter.load(Ordering::Relaxed));
        }
        let in_flight = u64::try_from(self.endpoints.in_flight()).unwrap_or(u64::MAX);
        page.measure("workbot_callbacks_in_flight", "Callbacks being made.", in_flight);
        counts(
            page,
            &[
                ("workbot_callback_attempts_total", "Calls made.", &callbacks.attempts),
                ("workbot_callback_milliseconds_total", "Time of all calls.", &callbacks.duration_ms),
                ("workbot_callback_replies_total", "Replies made into commands.", &callbacks.replies),
                ("workbot_callback_pauses_total", "Endpoints that were paused.", &callbacks.pauses),
                ("workbot_robot_loads_total", "Look-ups of robots in the store.", &self.router.loads),
                ("workbot_robot_loads_refused_total", "Look-ups refused.", &self.router.refused_loads),
                (
                    "workbot_logins_replaced_total",
                    "Sockets replaced by a newer login.",
                    &self.router.replaced,
                ),
                (
                    "workbot_logins_cut_off_total",
                    "Replaced sockets that did not go in time.",
                    &self.router.cut_off,
                ),
                ("workbot_sweep_rounds_total", "Rounds of the sweep.", &self.sweep.rounds),
                ("workbot_sweep_skipped_total", "Rounds left out.", &self.sweep.skipped),
                ("workbot_sweep_failed_total", "Rounds the store cut short.", &self.sweep.failed),
                (
                    "workbot_sweep_commands_total",
                    "Commands acted upon because they were due.",
                    &self.sweep.commands,
                ),
                (
                    "workbot_sweep_silenced_total",
                    "Sockets given up because they were silent.",
                    &self.sweep.silenced,
                ),
                ("workbot_checkpoints_total", "Checkpoints of the database.", &self.janitor.checkpoints),
                ("workbot_checkpoints_failed_total", "Checkpoints that failed.", &self.janitor.failed),
                ("workbot_purged_rows_total", "Rows deleted by retention.", &self.janitor.rows),
                ("workbot_alerts_raised_total", "Alerts raised anew.", &self.alerts.raised),
                ("workbot_alerts_counted_total", "Alerts counted once more.", &self.alerts.counted),
                ("workbot_alerts_ended_total", "Alerts that ended by themselves.", &self.alerts.ended),
                ("workbot_alerts_lost_total", "Alerts that could not be written.", &self.alerts.lost),
                (
                    "workbot_notifications_retried_total",
                    "Attempts to notify that failed and are made again.",
                    &self.alerts.retried,
                ),
            ],
        );
        let notifications = "workbot_notifications_total";
        page.counter(notifications, "Notifications by outcome.");
        for (outcome, counter) in [("sent", &self.alerts.sent), ("failed", &self.alerts.failed)] {
            page.value(notifications, &[("outcome", outcome)], counter.load(Ordering::Relaxed));
        }
        let sessions = self.sessions.counters();
        counts(
            page,
            &[
                ("workbot_turns_total", "Turns begun.", &sessions.turns),
                ("workbot_messages_merged_total", "Messages answered with an earlier one.", &sessions.merged),
                ("workbot_messages_silenced_total", "Messages settled without a turn.", &sessions.silenced),
                ("workbot_runs_resumed_total", "Runs taken up again.", &sessions.resumed),
                ("workbot_runs_crashed_total", "Runs given up at their third start.", &sessions.crashed),
                ("workbot_runs_failed_total", "Runs that could not go on.", &sessions.failed),
                ("workbot_replies_refused_total", "Replies that found a full queue.", &sessions.queue_full),
                ("workbot_runs_lost_total", "Writes of runs that came too late.", &sessions.lost),
                ("workbot_sessions_evicted_total", "Conversations put away to make room.", &sessions.evicted),
                ("workbot_sessions_deferred_total", "Events left to the store.", &sessions.deferred),
                (
                    "workbot_sweep_conversations_total",
                    "Conversations found with something to do.",
                    &self.sweep.conversations,
                ),
            ],
        );
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        page.measure("workbot_sessions_resident", "Conversations in memory.", number(self.sessions.len()));
        page.measure("workbot_turns_running", "Turns under way.", number(self.sessions.turning()));
        let wal_bytes = self.janitor.wal_bytes.load(Ordering::Relaxed);
        page.measure("workbot_wal_bytes", "Bytes in the log of the embedded database.", wal_bytes);
    }
}
