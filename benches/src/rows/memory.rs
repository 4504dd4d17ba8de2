//! Resident memory: of a server without robots, and of each robot that is connected and silent.
use std::time::Duration;

use super::{CONNECT, Plan};
use crate::Outcome;
use crate::cpu::{cpu_us, resident_kib};
use crate::fleet::Fleet;
use crate::report::{Report, millis, number};

/// Buffers of the handshakes are given back and a heartbeat has come meanwhile.
const SETTLE: Duration = Duration::from_secs(14);
const BASE: &str = "memory: server without robots";

/// Measures.
pub async fn run(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let mut empty = plan.server().await?;
    empty.create_robots(1)?;
    empty.start().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    report.add(BASE, "RSS", number(resident_kib(empty.pid())?) / 1_024.0, "MiB");
    empty.remove(&plan.databases).await?;

    let mut server = plan.server().await?;
    let most = plan.size.idle.iter().copied().max().unwrap_or(0);
    let identities = server.create_robots(most)?;
    let address = server.start().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let base_kib = resident_kib(server.pid())?;
    let mut fleet = Fleet::new(address);
    let mut connected = 0;
    for count in plan.size.idle {
        let row = format!("memory: {count} idle robots");
        let before_us = cpu_us(server.pid())?;
        fleet.start(&identities, connected..*count);
        let took = fleet.connected(CONNECT).await?;
        let spent_us = cpu_us(server.pid())? - before_us;
        let added = number(u64::try_from(count - connected)?).max(1.0);
        connected = *count;
        tokio::time::sleep(SETTLE).await;
        let resident = resident_kib(server.pid())?;
        report.add(&row, "RSS", number(resident) / 1_024.0, "MiB");
        let robots = number(u64::try_from(*count)?);
        report.add(&row, "RSS a robot", number(resident.saturating_sub(base_kib)) / robots, "KiB");
        report.add(&row, "time of the connects", millis(took), "ms");
        report.add(&row, "connects a second", added / took.as_secs_f64(), "/s");
        report.add(&row, "CPU a connect", number(spent_us) / added, "µs");
        let before_us = cpu_us(server.pid())?;
        tokio::time::sleep(Duration::from_secs(4)).await;
        let idle_us = number(cpu_us(server.pid())? - before_us);
        report.add(&row, "idle share of one core", idle_us / 4e4, "%");
    }
    drop(fleet);
    server.remove(&plan.databases).await
}
