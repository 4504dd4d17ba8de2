//! Settings in the shapes that store and actors take.
use std::time::Duration;

use chrono::TimeDelta;
use workbot_actors::TreeSettings;
use workbot_actors::cloud::CloudSettings;
use workbot_actors::delivery::DeliverySettings;
use workbot_actors::delivery::queue::QueueLimits;
use workbot_actors::delivery::schedule::PauseRule;
use workbot_actors::janitor::RetentionPolicy;
use workbot_actors::journal::JournalLimits;
use workbot_actors::provider::{BreakerRule, GateDefaults, ProviderSettings};
use workbot_actors::session::SessionSettings;
use workbot_actors::session::burst::BurstRule;
use workbot_actors::session::core::CoreRules;
use workbot_actors::supervisor::directory::LimitRates;
use workbot_actors::supervisor::sweep::SweepSettings;
use workbot_schema::ai_models::Provider;
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::store::StoreOptions;

use crate::settings::Settings;
use crate::settings::database::Synchronous;

/// A conversation with nothing to do is put away after this.
const PUT_AWAY: Duration = Duration::from_secs(60);

fn seconds(secs: u64) -> i64 {
    i64::try_from(secs).unwrap_or(i64::MAX)
}

/// How the store is opened.
pub fn store(settings: &Settings) -> StoreOptions {
    StoreOptions {
        url: settings.database_url().expose().to_owned(),
        pool_size: settings.database.pool_size,
        is_synchronous_full: settings.database.synchronous == Synchronous::Full,
    }
}

/// How the tree behaves.
pub fn tree(settings: &Settings) -> TreeSettings {
    let (journal, limits, callbacks) = (&settings.journal, &settings.limits, &settings.callbacks);
    TreeSettings {
        journal: JournalLimits {
            promises_max: journal.promises_max,
            promise_bytes_max: journal.promises_bytes,
            logs_max: journal.logs_max,
            batch_rows: journal.batch_rows,
            batch_bytes: journal.batch_bytes,
            wait_ms: journal.write_timeout_ms,
        },
        rates: LimitRates {
            is_enabled: limits.enabled,
            requests_per_minute: limits.robot_per_minute,
            inbound_per_minute: limits.robot_inbound_per_minute,
            connects_per_minute: limits.connects_per_minute,
        },
        sweep: SweepSettings {
            native_offline: Duration::from_secs(settings.presence.native_offline_secs),
            worktool_offline: Duration::from_secs(settings.presence.worktool_offline_secs),
            cloud_offline: Duration::from_secs(settings.cloud.offline_secs),
            event_debounce: Duration::from_millis(callbacks.event_debounce_ms),
            timeouts: ResultTimeouts {
                plain_secs: seconds(settings.commands.result_timeout_secs),
                file_secs: seconds(settings.commands.file_result_timeout_secs),
            },
        },
        delivery: DeliverySettings {
            budget: Duration::from_millis(callbacks.budget_ms),
            limits: QueueLimits {
                in_flight: callbacks.in_flight,
                waiting: callbacks.backlog_max,
                order_wait: Duration::from_millis(callbacks.order_wait_ms),
            },
            retry_delays: callbacks.retry_delays_ms.iter().copied().map(Duration::from_millis).collect(),
            pause: PauseRule {
                after: Duration::from_secs(callbacks.pause_after_secs),
                probe_every: Duration::from_secs(callbacks.probe_secs),
            },
            pull_interval: Duration::from_millis(callbacks.pull_interval_ms),
            pull_timeout: Duration::from_secs(callbacks.pull_timeout_secs),
            reply_expiry: TimeDelta::seconds(seconds(settings.session.reply_expiry_secs)),
            queue_max: i64::try_from(settings.commands.queue_max).unwrap_or(i64::MAX),
            idle: DeliverySettings::default().idle,
        },
        providers: providers(settings),
        cloud: CloudSettings {
            budget: Duration::from_millis(settings.cloud.budget_ms),
            batch: settings.cloud.batch_max,
            unfinished: settings.cloud.unfinished_max,
            probe: Duration::from_secs(settings.cloud.probe_secs),
            per_minute: limits.enabled.then_some(settings.cloud.calls_per_minute),
        },
        sessions: SessionSettings {
            core: CoreRules {
                burst: BurstRule {
                    quiet: TimeDelta::milliseconds(seconds(settings.session.burst_quiet_ms)),
                    max: TimeDelta::milliseconds(seconds(settings.session.burst_max_ms)),
                },
                takeover_idle: TimeDelta::seconds(seconds(settings.session.takeover_idle_secs)),
            },
            idle: TimeDelta::seconds(seconds(settings.session.idle_secs)),
            reply_expiry: TimeDelta::seconds(seconds(settings.session.reply_expiry_secs)),
            turn_budget: Duration::from_millis(settings.session.turn_budget_ms),
            queue_max: i64::try_from(settings.commands.queue_max).unwrap_or(i64::MAX),
            put_away: PUT_AWAY,
            max_resident: settings.session.max_resident,
        },
        retention: RetentionPolicy {
            message_days: settings.retention.message_days,
            command_days: settings.retention.command_days,
            delivery_days: settings.retention.delivery_days,
            log_days: settings.retention.log_days,
            ai_days: settings.retention.ai_days,
            alert_days: settings.retention.alert_days,
            audit_days: settings.retention.audit_days,
            deleted_robot_days: settings.retention.deleted_robot_days,
            interval: Duration::from_secs(settings.retention.interval_secs),
        },
    }
}

/// How models are called.
fn providers(settings: &Settings) -> ProviderSettings {
    let (ai, breaker) = (&settings.ai, &settings.breaker);
    let keys = [
        (Provider::Doubao, &ai.doubao_api_key),
        (Provider::Deepseek, &ai.deepseek_api_key),
        (Provider::Kimi, &ai.kimi_api_key),
        (Provider::Qwen, &ai.dashscope_api_key),
        (Provider::QwenPro, &ai.dashscope_api_key),
        (Provider::Openai, &ai.openai_api_key),
        (Provider::Claude, &ai.anthropic_api_key),
    ];
    let defaults = ProviderSettings::default();
    ProviderSettings {
        total: Duration::from_millis(ai.timeout_ms),
        max_tokens: ai.max_tokens,
        answer_bytes: ai.answer_bytes,
        gate: GateDefaults {
            concurrency: ai.concurrency,
            per_minute: ai.requests_per_minute,
            breaker: BreakerRule {
                failures: breaker.failures,
                window: breaker.window,
                least: breaker.window.div_ceil(2),
                open: Duration::from_secs(breaker.open_secs),
                open_max: Duration::from_secs(breaker.max_open_secs),
                lease: Duration::from_millis(ai.timeout_ms).saturating_mul(2),
            },
        },
        health_every: Duration::from_secs(ai.health_secs),
        keys: keys.into_iter().fold(defaults.keys, |keys, (provider, key)| keys.with(provider, key.expose())),
    }
}
