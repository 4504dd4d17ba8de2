//! The server is killed and started again while everybody is connected and commands flow.
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{CONNECT, Plan, wait_until};
use crate::Outcome;
use crate::cpu::cpu_us;
use crate::fleet::Fleet;
use crate::report::{Report, millis, number};
use crate::sender::{Requests, open_loop};

const PER_SECOND: u32 = 200;
const DRAIN: Duration = Duration::from_secs(30);
/// Commands flow before the kill.
const CALM: Duration = Duration::from_secs(3);

/// Measures.
pub async fn run(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let robots = plan.size.storm;
    let row = format!("reconnect storm: {robots} robots, server killed");
    let mut server = plan.server().await?;
    let identities = server.create_robots(robots)?;
    let address = server.start().await?;
    let mut fleet = Fleet::new(address);
    fleet.start(&identities, 0..robots);
    fleet.connected(CONNECT).await?;
    let requests = Rc::new(Requests::new(&identities));
    let ledger = fleet.new_ledger();
    let is_over = Rc::new(Cell::new(false));
    let flow = {
        let (requests, ledger, is_over) = (Rc::clone(&requests), Rc::clone(&ledger), Rc::clone(&is_over));
        tokio::task::spawn_local(async move {
            open_loop(address, &requests, &ledger, robots, PER_SECOND, || is_over.get()).await;
        })
    };
    tokio::time::sleep(CALM).await;
    let received = ledger.received();
    server.kill()?;
    let shared = fleet.shared();
    wait_until(DRAIN, || shared.connected.get() == 0).await;
    let failures = shared.failures.get();
    let started = Instant::now();
    server.start().await?;
    let ready = started.elapsed();
    let all = fleet.connected(CONNECT).await?;
    let all = ready + all;
    let spent_us = cpu_us(server.pid())?;
    let flowed = ledger.received() - received;
    tokio::time::sleep(CALM).await;
    is_over.set(true);
    flow.await?;
    wait_until(DRAIN, || ledger.received() >= ledger.tally().accepted).await;
    let count = number(u64::try_from(robots)?);
    report.add(&row, "ready again after", millis(ready), "ms");
    report.add(&row, "all connected after the start", millis(all), "ms");
    report.add(&row, "connects a second", count / (all - ready).as_secs_f64().max(0.001), "/s");
    report.add(&row, "CPU of the new server a robot", number(spent_us) / count, "µs");
    report.add(&row, "failed tries to connect", number(shared.failures.get() - failures), "");
    report.add(&row, "commands received meanwhile", number(flowed), "");
    report.add_times(&row, ["request to phone, p50", "p95", "p99"], &ledger.push_times());
    report.add_tally(&row, ledger.tally());
    drop(fleet);
    server.remove(&plan.databases).await
}
