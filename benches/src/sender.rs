//! The third party: asks for messages over keep-alive connections, in a closed or an open loop.
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::Outcome;
use crate::http_client::HttpClient;
use crate::ledger::{DIGITS, Ledger, MARK};
use crate::program::Identity;

/// Bytes of the content of a message.
const CONTENT: usize = 200;
/// A pushed command of a closed loop is waited for so long.
const PUSH: Duration = Duration::from_secs(20);
/// Connections of an open loop.
const CONNECTIONS: usize = 32;
/// Requests of an open loop that may wait for a connection.
const WAITING: usize = 4_096;
/// After an error a connection is opened anew then.
const AGAIN: Duration = Duration::from_millis(20);

/// Prepared requests, one a robot; only the digits of the number differ.
pub struct Requests {
    prepared: Vec<(Vec<u8>, usize)>,
}

impl Requests {
    /// Prepares a 200-byte text to each robot with its own token.
    pub fn new(identities: &[Identity]) -> Self {
        let prepared = identities
            .iter()
            .map(|identity| {
                let filler = "好".repeat((CONTENT - DIGITS - 2) / 3);
                let mark = char::from(MARK);
                let body = format!(
                    r#"{{"robotId":"{}","type":"text","titleList":["张三"],"content":"{mark}0000000000{mark}{filler}"}}"#,
                    identity.robot_id
                );
                let head = format!(
                    "POST /api/robot/send-message HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {}\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    identity.token,
                    body.len()
                );
                let bytes = [head.as_bytes(), body.as_bytes()].concat();
                let body_at = head.len();
                let digits_at = bytes.iter().skip(body_at).position(|byte| *byte == MARK).unwrap_or(0) + body_at + 1;
                (bytes, digits_at)
            })
            .collect();
        Self { prepared }
    }

    /// Puts the request of a robot with a number into `buffer`.
    fn fill(&self, buffer: &mut Vec<u8>, robot: usize, number: usize) {
        buffer.clear();
        let Some((bytes, digits_at)) = self.prepared.get(robot % self.prepared.len().max(1)) else { return };
        buffer.extend_from_slice(bytes);
        let mut left = number;
        for place in buffer.iter_mut().skip(*digits_at).take(DIGITS).rev() {
            *place = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
        }
    }
}

/// Keeps `in_flight` commands under way until `total` were asked for, over the first `robots` robots in turn. A command is
/// under way until it was answered and, with `is_push_awaited`, has reached its phone.
pub async fn closed_loop(
    server: SocketAddr,
    requests: &Rc<Requests>,
    ledger: &Rc<Ledger>,
    load: ClosedLoop,
) -> Outcome<()> {
    let next = Rc::new(Cell::new(0));
    let mut workers = JoinSet::new();
    for _worker in 0..load.in_flight {
        let (requests, ledger, next) = (Rc::clone(requests), Rc::clone(ledger), Rc::clone(&next));
        workers.spawn_local(async move {
            let mut client = HttpClient::connect(server).await?;
            let (mut buffer, pushed) = (Vec::new(), Rc::new(Notify::new()));
            while next.get() < load.total {
                let turn = next.replace(next.get() + 1);
                let waiter = load.is_push_awaited.then(|| Rc::clone(&pushed));
                let number = ledger.open(Instant::now(), waiter);
                requests.fill(&mut buffer, turn % load.robots, number);
                if client.call(&buffer).await? != 200 {
                    continue;
                }
                ledger.accept(number);
                if load.is_push_awaited && tokio::time::timeout(PUSH, pushed.notified()).await.is_err() {
                    // It counts as lost unless it comes after all.
                    continue;
                }
            }
            Ok::<(), std::io::Error>(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}

/// How a closed loop runs.
#[derive(Debug, Clone, Copy)]
pub struct ClosedLoop {
    /// Commands under way.
    pub in_flight: usize,
    /// Commands in all.
    pub total: usize,
    /// Robots they are for.
    pub robots: usize,
    /// Whether a command is under way until its phone has it.
    pub is_push_awaited: bool,
}

/// Asks `per_second` times a second until `is_over`, whatever the answers; at most 4,096 wait for a connection, more are refused.
pub async fn open_loop(
    server: SocketAddr,
    requests: &Rc<Requests>,
    ledger: &Rc<Ledger>,
    robots: usize,
    per_second: u32,
    is_over: impl Fn() -> bool,
) {
    let (jobs, queue) = mpsc::channel::<(usize, usize)>(WAITING);
    let queue = Rc::new(tokio::sync::Mutex::new(queue));
    let mut workers = JoinSet::new();
    for _worker in 0..CONNECTIONS {
        let (requests, ledger, queue) = (Rc::clone(requests), Rc::clone(ledger), Rc::clone(&queue));
        workers.spawn_local(async move {
            let (mut client, mut buffer) = (None, Vec::new());
            loop {
                let job = queue.lock().await.recv().await;
                let Some((robot, number)) = job else { return };
                requests.fill(&mut buffer, robot, number);
                match call(server, &mut client, &buffer).await {
                    Ok(200) => ledger.accept(number),
                    Ok(_refused) => {}
                    Err(_gone) => {
                        client = None;
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        });
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1) / per_second);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut turn = 0_usize;
    while !is_over() {
        tick.tick().await;
        // A stride that shares no factor with the count visits every robot.
        turn = turn.wrapping_add(7_919);
        let number = ledger.open(Instant::now(), None);
        if jobs.try_send((turn % robots, number)).is_err() {
            continue;
        }
    }
    drop(jobs);
    while workers.join_next().await.is_some() {}
}

async fn call(server: SocketAddr, client: &mut Option<HttpClient>, request: &[u8]) -> std::io::Result<u16> {
    let connected = match client {
        Some(connected) => connected,
        None => client.insert(HttpClient::connect(server).await?),
    };
    connected.call(request).await
}
