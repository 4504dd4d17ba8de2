//! What a command costs in the store alone: CPU microseconds per command for accept, claim, confirm and result, by batch size.
//!
//! `cargo run --release -p workbot-benches --bin store -- [postgres://…]`
use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use workbot_benches::cpu::own_cpu_us;
use workbot_schema::batch::{self, BatchContext, Fence, Record};
use workbot_schema::commands::operations::{ClaimLimit, ResultTimeouts};
use workbot_schema::commands::{CommandEvent, CommandSource, ExecutionResult, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, RobotUuid};
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::{Db, StoreOptions, migrate};

const COMMANDS: usize = 4_096;
const ROBOTS: usize = 1_000;

fn context(seq: &mut i64) -> BatchContext {
    *seq += 100_000;
    let timeouts = ResultTimeouts { plain_secs: 120, file_secs: 300 };
    BatchContext { first_seq: *seq, now: Ts::new(chrono::Utc::now()), timeouts }
}

fn command(robot: RobotUuid, id: &CommandId) -> NewCommand {
    let now = Ts::new(chrono::Utc::now());
    let item = format!(r#"{{"type":203,"titleList":["张三"],"receivedContent":"{}"}}"#, "x".repeat(150));
    NewCommand {
        id: id.clone(),
        robot_uuid: robot,
        batch_id: None,
        command_type: 203,
        size_bytes: i32::try_from(item.len()).unwrap_or(0),
        item,
        file_name: None,
        priority: 0,
        can_retry: true,
        source: CommandSource::SendMessage,
        request_id: Some("req_1".to_owned()),
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: now.plus(chrono::TimeDelta::hours(24)),
        created_at: now,
        is_offline: false,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("workbot-bench-{}", uuid::Uuid::new_v4().simple()));
    let url =
        std::env::args().nth(1).unwrap_or_else(|| format!("sqlite:{}", folder.join("bench.db").display()));
    let db = Db::open(&StoreOptions::new(url)).await?;
    migrate::up(&db).await?;
    let mut seq = 0;
    let robots: Vec<Robot> = (0..ROBOTS)
        .map(|number| Robot::new(RobotKind::Native, format!("r{number}"), None, Ts::new(chrono::Utc::now())))
        .collect();
    for chunk in robots.chunks(100) {
        let writes: Vec<_> = chunk.iter().map(|robot| vec![Record::Robot(Box::new(robot.clone()))]).collect();
        batch::apply(&db, writes, context(&mut seq)).await?;
    }
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{:>6} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10}",
        "batch", "accept", "claim", "confirm", "result", "CPU µs/cmd", "cmd/s"
    )?;
    for size in [1, 8, 64, 256] {
        let total = if size == 1 { COMMANDS / 8 } else { COMMANDS };
        let ids: Vec<(RobotUuid, CommandId)> = robots
            .iter()
            .cycle()
            .take(total)
            .map(|robot| (robot.id, CommandId::generate(chrono::Utc::now())))
            .collect();
        let started = Instant::now();
        let mut stages = Vec::new();
        for stage in 0..4 {
            let before = own_cpu_us()?;
            for chunk in ids.chunks(size) {
                let writes: Vec<_> =
                    chunk.iter().map(|(robot, id)| vec![record(stage, *robot, id)]).collect();
                for outcome in batch::apply(&db, writes, context(&mut seq)).await? {
                    outcome?;
                }
            }
            stages.push((own_cpu_us()? - before) / u64::try_from(total)?);
        }
        let rate = u64::try_from(total)? * 1_000_000 / u64::try_from(started.elapsed().as_micros())?.max(1);
        let [accept, claim, confirm, result] = stages.as_slice() else { return Err("four stages".into()) };
        let sum = accept + claim + confirm + result;
        writeln!(out, "{size:>6} {accept:>9} {claim:>9} {confirm:>9} {result:>9} {sum:>10} {rate:>10}")?;
    }
    drop(std::fs::remove_dir_all(folder));
    Ok(())
}

fn record(stage: u8, robot: RobotUuid, id: &CommandId) -> Record {
    let event = |event| Record::CommandEvent {
        robot: Some(robot),
        id: id.clone(),
        event: Box::new(event),
        callback: None,
    };
    match stage {
        0 => Record::Command(Box::new(command(robot, id))),
        1 => Record::Claim {
            robot,
            limit: ClaimLimit { commands: 8, bytes: 1 << 20, is_window_empty: true },
            fence: Fence { current: Arc::new(AtomicU64::new(1)), mine: 1 },
        },
        2 => event(CommandEvent::Confirm { attempt: Some(1) }),
        _ => event(CommandEvent::Result(ExecutionResult {
            success_list: vec!["张三".to_owned()],
            ..ExecutionResult::default()
        })),
    }
}
