//! A command from the request to the confirmed push, on 1,000 online robots, beside the floors.
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{CONNECT, Plan, cpu_at_rest, wait_until};
use crate::Outcome;
use crate::cpu::{cpu_us, own_cpu_us};
use crate::fleet::Fleet;
use crate::floor::FloorKind;
use crate::http_client::HttpClient;
use crate::program::{Identity, Program};
use crate::report::{Report, number};
use crate::sender::{ClosedLoop, Requests, closed_loop};

const ROBOTS: usize = 1_000;
const DRAIN: Duration = Duration::from_secs(20);
/// CPU of a command.
pub const CPU: &str = "CPU a command";

/// Measures the server: up to the confirmation, and with results.
pub async fn workbot(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let mut server = plan.server().await?;
    let identities = server.create_robots(ROBOTS)?;
    let address = server.start().await?;
    let mut bench = Bench::new(&server, address, &identities).await?;
    bench.measure(64, plan.size.commands / 4, false, None).await?;
    for (row, in_flight, is_reporting) in [
        ("push → confirmed, 64 in flight", 64, false),
        ("push → confirmed, 256 in flight", 256, false),
        ("push → result, 64 in flight", 64, true),
        ("push → result, 256 in flight", 256, true),
    ] {
        let before = journal(address).await?;
        bench.measure(in_flight, plan.size.commands, is_reporting, Some((row, report))).await?;
        let after = journal(address).await?;
        let commands = number(u64::try_from(plan.size.commands)?).max(1.0);
        let per = |field: fn(&Journal) -> f64| (field(&after) - field(&before)) / commands;
        report.add(row, "commits a command", per(|journal| journal.batches), "");
        report.add(row, "records a command", per(|journal| journal.records), "");
        report.add(row, "transaction time a command", per(|journal| journal.commit_us), "µs");
    }
    drop(bench);
    server.remove(&plan.databases).await
}

/// Measures the floors, and the ratios to them when the server was measured before.
pub async fn floors(plan: &Plan, report: &mut Report) -> Outcome<()> {
    for (kind, rows) in [
        (FloorKind::Memory, ["floor in memory, 64 in flight", "floor in memory, 256 in flight"]),
        (FloorKind::Sqlite, ["floor with SQLite, 64 in flight", "floor with SQLite, 256 in flight"]),
    ] {
        let mut server = Program::floor(kind, &plan.folders)?;
        let identities = server.create_robots(ROBOTS)?;
        let address = server.start().await?;
        let mut bench = Bench::new(&server, address, &identities).await?;
        bench.measure(64, plan.size.commands / 4, false, None).await?;
        for (row, in_flight) in rows.into_iter().zip([64, 256]) {
            bench.measure(in_flight, plan.size.commands, false, Some((row, report))).await?;
            let workbot = report.value(&format!("push → confirmed, {in_flight} in flight"), CPU);
            if let (Some(workbot), Some(floor)) = (workbot, report.value(row, CPU)) {
                report.add(row, "workbot / floor (CPU)", workbot / floor.max(0.01), "×");
            }
        }
        drop(bench);
        server.remove(&plan.databases).await?;
    }
    Ok(())
}

struct Bench {
    pid: u32,
    address: SocketAddr,
    fleet: Fleet,
    requests: Rc<Requests>,
}

impl Bench {
    async fn new(server: &Program, address: SocketAddr, identities: &[Identity]) -> Outcome<Self> {
        let mut fleet = Fleet::new(address);
        fleet.start(identities, 0..identities.len());
        fleet.connected(CONNECT).await?;
        Ok(Self { pid: server.pid(), address, fleet, requests: Rc::new(Requests::new(identities)) })
    }

    async fn measure(
        &mut self,
        in_flight: usize,
        total: usize,
        is_reporting: bool,
        into: Option<(&str, &mut Report)>,
    ) -> Outcome<()> {
        self.fleet.shared().is_reporting.set(is_reporting);
        let ledger = self.fleet.new_ledger();
        let before_us = cpu_at_rest(self.pid).await?;
        let own_us = own_cpu_us()?;
        let started = Instant::now();
        let load = ClosedLoop { in_flight, total, robots: ROBOTS, is_push_awaited: true };
        closed_loop(self.address, &self.requests, &ledger, load).await?;
        let took = started.elapsed();
        let (busy_us, own_us) = (cpu_us(self.pid)?, own_cpu_us()? - own_us);
        wait_until(DRAIN, || ledger.received() >= ledger.tally().accepted).await;
        let after_us = cpu_at_rest(self.pid).await?;
        let Some((row, report)) = into else { return Ok(()) };
        let tally = ledger.tally();
        let commands = number(tally.accepted).max(1.0);
        report.add(row, CPU, number(after_us - before_us) / commands, "µs");
        report.add(row, "commands a second", commands / took.as_secs_f64(), "/s");
        let share = number(busy_us.saturating_sub(before_us)) / 1e4 / took.as_secs_f64();
        report.add(row, "server's share of one core", share, "%");
        report.add(row, "load client's CPU a command", number(own_us) / commands, "µs");
        report.add_times(row, ["request to phone, p50", "p95", "p99"], &ledger.push_times());
        report.add_times(row, ["request to answer, p50", "answer p95", "answer p99"], &ledger.answer_times());
        report.add_tally(row, tally);
        Ok(())
    }
}

struct Journal {
    batches: f64,
    records: f64,
    commit_us: f64,
}

async fn journal(address: SocketAddr) -> Outcome<Journal> {
    let (_status, page) = HttpClient::connect(address).await?.get("/metrics").await?;
    let value = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|text| text.trim().parse().ok()).unwrap_or(0.0)
    };
    Ok(Journal {
        batches: value("workbot_journal_batches_total"),
        records: value("workbot_journal_records_total"),
        commit_us: value("workbot_journal_commit_microseconds_total"),
    })
}
