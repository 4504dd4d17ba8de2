//! Hot queries use their indexes: a plan with a scan fails.
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use workbot_schema::store::{Db, StoreError, sqlite};

use crate::support::database::{Backend, TestDatabase};

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// Statements as the store makes them. `?` is a parameter, because a planner that sees only parameters may not know that a
/// partial index applies.
const HOT: [&str; 34] = [
    "SELECT * FROM robot_commands WHERE robot_uuid = ? AND state = 'queued' AND expires_at > ? \
     AND (not_before IS NULL OR not_before <= ?) ORDER BY priority DESC, seq ASC LIMIT ?",
    "SELECT * FROM robot_commands WHERE robot_uuid = ? AND state = 'sent' ORDER BY priority DESC, seq ASC LIMIT ?",
    "SELECT * FROM robot_commands WHERE due_at <= ? ORDER BY due_at ASC LIMIT ?",
    "SELECT * FROM callback_deliveries WHERE due_at <= ? ORDER BY due_at ASC LIMIT ?",
    "SELECT * FROM callback_deliveries WHERE state = 'pending' AND seq > ? ORDER BY seq ASC LIMIT ?",
    "SELECT id FROM session_messages WHERE robot_uuid = ? AND dedup_id = ? LIMIT ?",
    "SELECT id FROM session_messages WHERE robot_uuid = ? AND content_hash = ? AND created_at > ? ORDER BY seq LIMIT ?",
    "SELECT * FROM idempotency_keys WHERE token = ? AND idempotency_key = ?",
    "SELECT * FROM robots WHERE robot_id = ?",
    "SELECT * FROM robots WHERE link_id = ?",
    "UPDATE session_messages SET run_id = ? WHERE id = ? AND (reason IS NULL OR reason = 'callback_failed')",
    "UPDATE flow_executions SET step = step + 1 WHERE id = ? AND step = ?",
    "SELECT * FROM flow_executions WHERE due_at <= ? ORDER BY due_at ASC LIMIT ?",
    "SELECT * FROM flow_executions WHERE session_id = ? AND seq > ? AND started_at >= ? ORDER BY seq DESC LIMIT ?",
    "SELECT * FROM flow_executions WHERE session_id = ? AND status IN ('running', 'waiting') \
     ORDER BY status ASC, seq ASC LIMIT ?",
    "SELECT * FROM flow_executions WHERE status IN ('running', 'waiting') \
     ORDER BY session_id ASC LIMIT ?",
    "SELECT * FROM flow_executions WHERE message_id = ? OR id = ? ORDER BY seq DESC LIMIT ?",
    "SELECT * FROM session_messages WHERE session_id = ? AND reason IS NULL AND direction = 'in' \
     ORDER BY seq ASC LIMIT ?",
    "SELECT session_id FROM session_messages WHERE reason IS NULL AND direction = 'in' ORDER BY seq ASC LIMIT ?",
    "UPDATE token_usage SET tokens = tokens + ? WHERE robot_uuid = ? AND day = ?",
    "SELECT * FROM sessions WHERE taken_over_by IS NOT NULL AND last_human_at <= ? ORDER BY last_human_at LIMIT ?",
    "SELECT * FROM alert_notifications WHERE due_at <= ? ORDER BY due_at ASC LIMIT ?",
    "SELECT * FROM alert_history WHERE dedupe_key = ? AND (status = 'active' OR status = 'acknowledged') \
     AND first_at > ? ORDER BY seq DESC LIMIT ?",
    "SELECT * FROM alert_history WHERE id = ?",
    "SELECT * FROM ai_call_logs WHERE run_id = ? ORDER BY seq DESC LIMIT ?",
    "SELECT * FROM ai_io_logs WHERE call_id = ?",
    "SELECT * FROM flow_executions ORDER BY seq ASC LIMIT ?",
    "SELECT * FROM flow_executions WHERE robot_uuid IN (?) ORDER BY seq DESC LIMIT ?",
    "SELECT * FROM sessions WHERE robot_uuid IN (?) ORDER BY last_message_at DESC, id ASC LIMIT ?",
    "SELECT purpose FROM ai_call_logs WHERE created_at >= ? AND purpose <> ? AND model_id = ? ORDER BY seq DESC LIMIT ?",
    "SELECT purpose FROM ai_call_logs WHERE created_at >= ? AND purpose <> ? AND persona_id = ? ORDER BY seq DESC LIMIT ?",
    "SELECT * FROM user_sessions WHERE token_hash = ?",
    "SELECT * FROM login_codes WHERE phone = ? ORDER BY created_at DESC LIMIT ?",
    "SELECT created_at FROM login_codes WHERE address = ? ORDER BY created_at DESC LIMIT ?",
];

async fn plan(db: &Db, statement: &'static str) -> String {
    match db {
        Db::Sqlite(lite) => sqlite::on_thread(lite.write.clone(), move |connection| {
            let steps: Vec<SqliteStep> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
                .load(connection)
                .map_err(StoreError::from)?;
            Ok::<String, StoreError>(steps.into_iter().map(|step| step.detail + "\n").collect())
        })
        .await
        .unwrap(),
        Db::Postgres(postgres) => {
            let mut connection = postgres.read().await.unwrap();
            let mut text = String::new();
            let mut parameters = 0;
            for part in statement.split_inclusive('?') {
                parameters += usize::from(part.ends_with('?'));
                text += &part.replace('?', &format!("${parameters}"));
            }
            let nulls = vec!["NULL"; parameters].join(", ");
            // An empty table is scanned whatever its indexes; the planner is told to prefer them, and to plan without values.
            for statement in [
                "SET enable_seqscan = off".to_owned(),
                "SET plan_cache_mode = force_generic_plan".to_owned(),
                format!("PREPARE hot AS {text}"),
            ] {
                diesel_async::RunQueryDsl::execute(diesel::sql_query(statement), &mut connection)
                    .await
                    .unwrap();
            }
            let explain = diesel::sql_query(format!("EXPLAIN EXECUTE hot({nulls})"));
            let steps: Vec<PostgresStep> =
                diesel_async::RunQueryDsl::load(explain, &mut connection).await.unwrap();
            diesel_async::RunQueryDsl::execute(diesel::sql_query("DEALLOCATE hot"), &mut connection)
                .await
                .unwrap();
            steps.into_iter().map(|step| step.line + "\n").collect()
        }
    }
}

async fn hot_queries_use_an_index(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    for statement in HOT {
        let plan = plan(&db, statement).await;
        let is_scan = match backend {
            // The index of open commands must serve, not the one of all that a robot ever had.
            _ if statement.contains("priority DESC") => !plan.contains("robot_commands_open"),
            // The same of what is open of everything there ever was.
            _ if statement.contains("'running'") => !plan.contains("flow_executions_open"),
            _ if statement.contains("direction = 'in'") => !plan.contains("session_messages_unsettled"),
            // In the table's own order nothing is searched.
            _ if statement.contains("executions ORDER BY seq") => {
                plan.contains("TEMP B-TREE") || plan.contains("Sort")
            }
            Backend::Sqlite => plan
                .lines()
                .any(|line| line.starts_with("SCAN") && !line.contains("callback_deliveries_open")),
            Backend::Postgres => plan.contains("Seq Scan"),
        };
        assert!(!is_scan, "{statement}\n{plan}");
    }
}

crate::on_both!(hot_queries_use_an_index);
