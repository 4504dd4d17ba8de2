//! The same rate over more and more robots.
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{CONNECT, Plan, cpu_at_rest, wait_until};
use crate::Outcome;
use crate::fleet::Fleet;
use crate::report::{Report, number};
use crate::sender::{Requests, open_loop};

const PER_SECOND: u32 = 500;
const DRAIN: Duration = Duration::from_secs(10);

/// Measures.
pub async fn run(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let mut server = plan.server().await?;
    let most = plan.size.growth.iter().copied().max().unwrap_or(0);
    let identities = server.create_robots(most)?;
    let address = server.start().await?;
    let requests = Rc::new(Requests::new(&identities));
    let mut fleet = Fleet::new(address);
    let mut connected = 0;
    let mut first = None;
    for robots in plan.size.growth.iter().copied() {
        let row = format!("growth: 500 commands/s over {robots} robots");
        fleet.start(&identities, connected..robots);
        fleet.connected(CONNECT).await?;
        connected = robots;
        // The first commands of a server warm it up and are not counted.
        let warm = fleet.new_ledger();
        measure(&server, &requests, &warm, robots, 1).await?;
        let ledger = fleet.new_ledger();
        let spent_us = measure(&server, &requests, &ledger, robots, plan.size.growth_secs).await?;
        let times = ledger.push_times();
        report.add_times(&row, ["request to phone, p50", "p95", "p99"], &times);
        let p95 = times.percentile(950).as_secs_f64();
        let growth = p95 / *first.get_or_insert(p95);
        report.add(&row, "p95 / p95 of the fewest", growth, "×");
        let commands = number(ledger.tally().accepted).max(1.0);
        report.add(&row, "CPU a command, heartbeats included", number(spent_us) / commands, "µs");
        report.add_tally(&row, ledger.tally());
    }
    drop(fleet);
    server.remove(&plan.databases).await
}

async fn measure(
    server: &crate::program::Program,
    requests: &Rc<Requests>,
    ledger: &Rc<crate::ledger::Ledger>,
    robots: usize,
    secs: u64,
) -> Outcome<u64> {
    let address = server.address().ok_or("the server does not run")?;
    let before_us = cpu_at_rest(server.pid()).await?;
    let started = Instant::now();
    let duration = Duration::from_secs(secs);
    open_loop(address, requests, ledger, robots, PER_SECOND, || started.elapsed() >= duration).await;
    wait_until(DRAIN, || ledger.received() >= ledger.tally().accepted).await;
    Ok(cpu_at_rest(server.pid()).await? - before_us)
}
