//! Robots that were away find what waited for them, all at once.
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{CONNECT, Plan, cpu_at_rest, wait_until};
use crate::Outcome;
use crate::fleet::Fleet;
use crate::report::{Report, millis, number};
use crate::sender::{ClosedLoop, Requests, closed_loop};

const ROBOTS: usize = 500;
const WAITING: usize = 10;
const DRAIN: Duration = Duration::from_secs(30);
const ROW: &str = "offline flush: 500 robots × 10";

/// Measures.
pub async fn run(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let mut server = plan.server().await?;
    let identities = server.create_robots(ROBOTS)?;
    let address = server.start().await?;
    let mut fleet = Fleet::new(address);
    let ledger = fleet.new_ledger();
    let requests = Rc::new(Requests::new(&identities));
    let total = ROBOTS * WAITING;
    let load = ClosedLoop { in_flight: 64, total, robots: ROBOTS, is_push_awaited: false };
    let started = Instant::now();
    closed_loop(address, &requests, &ledger, load).await?;
    let commands = number(u64::try_from(total)?);
    report.add(ROW, "accepted while offline", commands / started.elapsed().as_secs_f64(), "/s");
    let before_us = cpu_at_rest(server.pid()).await?;
    let started = Instant::now();
    fleet.start(&identities, 0..ROBOTS);
    let connected = fleet.connected(CONNECT).await?;
    wait_until(DRAIN, || ledger.received() >= ledger.tally().accepted).await;
    let flushed = ledger.last_receipt().map_or(DRAIN, |last| last.saturating_duration_since(started));
    let after_us = cpu_at_rest(server.pid()).await?;
    report.add(ROW, "all connected after", millis(connected), "ms");
    report.add(ROW, "all received after", millis(flushed), "ms");
    report.add(ROW, "flushed, connects included", commands / flushed.as_secs_f64(), "/s");
    report.add(ROW, "CPU a command, connects included", number(after_us - before_us) / commands, "µs");
    report.add_tally(ROW, ledger.tally());
    drop(fleet);
    server.remove(&plan.databases).await
}
