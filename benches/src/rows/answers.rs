//! Messages from the webhook through a flow, a model and the journal to the socket of a WorkTool phone.
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use workbot_robot_sim::dialect::worktool::{
    App, AppConfig, Executed, Witness, WorktoolPhone, WorktoolPhoneConfig,
};
use workbot_robot_sim::histogram::Histogram;
use workbot_robot_sim::{Mode, ModelWire, Models, ModelsConfig, Rest};

use super::{CONNECT, Plan, cpu_at_rest, wait_until};
use crate::Outcome;
use crate::cpu::cpu_us;
use crate::http_client::HttpClient;
use crate::program::Program;
use crate::report::{Report, number};

const ROBOTS: usize = 50;
/// Each always writes to the same robot.
const CUSTOMERS: usize = 500;
/// Connections of the platform that calls the webhook.
const CONNECTIONS: usize = 16;
const MODEL: Duration = Duration::from_millis(20);
/// A turn asks for the intent, then for the reply.
const ASKED: u32 = 2;
const DRAIN: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linked {
    link_id: String,
    callback_key: String,
}

#[derive(Deserialize)]
struct Made {
    robots: Vec<Linked>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Measures rules, a model of 20 ms, and rules after the breaker of a dead model has opened.
pub async fn run(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let seconds = plan.size.answer_secs;
    let mut bench = Bench::start(plan).await?;
    bench.measure(100, 3, None).await?;
    bench.measure(100, seconds, Some(("webhook → rules → socket, 100/s", report))).await?;
    bench.measure(1_000, seconds, Some(("webhook → rules → socket, 1,000/s", report))).await?;
    let row = "webhook → model of 20 ms → socket, 100/s";
    bench.add_model().await?;
    bench.script(Mode::slow(MODEL));
    bench.measure(100, 3, None).await?;
    bench.measure(100, seconds, Some((row, &mut *report))).await?;
    for (figure, added) in
        [("end to end, p50", "above the model, p50"), ("end to end, p95", "above the model, p95")]
    {
        let model_ms = f64::from(ASKED) * MODEL.as_secs_f64() * 1_000.0;
        if let Some(value) = report.value(row, figure) {
            report.add(row, added, value - model_ms, "ms");
        }
    }
    bench.script(Mode::Status(500));
    bench.measure(100, 3, None).await?;
    let before = bench.models.counters().calls;
    let row = "webhook → rules for a dead model → socket, 100/s";
    bench.measure(100, seconds, Some((row, &mut *report))).await?;
    report.add(row, "calls to the dead model", number(bench.models.counters().calls - before), "");
    bench.server.remove(&plan.databases).await
}

/// Who wrote when, and how long each answer took.
#[derive(Default)]
struct Answers {
    open: HashMap<String, VecDeque<Instant>>,
    times: Histogram,
    received: u64,
    strays: u64,
}

struct Notes(Arc<Mutex<Answers>>);

impl Witness for Notes {
    fn on_received(&self, _link_id: &str, command: &Executed) {
        let now = Instant::now();
        let Some(title) = command.item.get("titleList").and_then(|titles| titles.get(0)?.as_str()) else {
            return;
        };
        let mut answers = self.0.lock();
        match answers.open.get_mut(title).and_then(VecDeque::pop_front) {
            Some(said) => {
                answers.received += 1;
                answers.times.record(now.saturating_duration_since(said));
            }
            None => answers.strays += 1,
        }
    }
}

struct Bench {
    server: Program,
    address: SocketAddr,
    admin: Rest,
    robots: Rc<Vec<Linked>>,
    _phones: Vec<WorktoolPhone>,
    answers: Arc<Mutex<Answers>>,
    models: Models,
    said: usize,
}

impl Bench {
    async fn start(plan: &Plan) -> Outcome<Self> {
        let mut server = plan.server().await?;
        // Makes the tables.
        server.create_robots(1)?;
        let count = ROBOTS.to_string();
        let made: Made =
            server.ask(&["robots", "create", "--name", "load", "--worktool", "--count", &count])?;
        let _admin: serde_json::Value =
            server.ask(&["users", "create", "--phone", "13800000000", "--role", "admin"])?;
        let address = server.start().await?;
        let token: Token = server.ask(&["token", "--phone", "13800000000"])?;
        let url = format!("http://{address}");
        let admin = Rest::new(&url)?.with_token(token.token);
        let answers = Arc::new(Mutex::new(Answers::default()));
        let mut phones = Vec::new();
        for robot in &made.robots {
            let app = AppConfig {
                beat_ms: 1_000,
                execution_ms: 1,
                keeps_executed: false,
                ..AppConfig::new(&robot.link_id)
            };
            let witness: Arc<dyn Witness> = Arc::new(Notes(Arc::clone(&answers)));
            phones.push(WorktoolPhone::start(WorktoolPhoneConfig {
                witness: Some(witness),
                ..WorktoolPhoneConfig::new(&url, app)
            })?);
        }
        for phone in &phones {
            phone.wait(CONNECT, "reading", App::is_reading).await?;
        }
        let models = Models::start(ModelsConfig { kept_max: 0, ..ModelsConfig::default() }).await?;
        Ok(Self {
            server,
            address,
            admin,
            robots: Rc::new(made.robots),
            _phones: phones,
            answers,
            models,
            said: 0,
        })
    }

    async fn add_model(&self) -> Outcome<()> {
        let body = json!({"name": "load", "provider": "custom", "modelId": "load", "modelType": "chat",
            "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true,
            "apiEndpoint": self.models.base(ModelWire::OpenaiChat), "apiKey": "none", "priority": 100, "inDefaultChain": true});
        self.admin.post("/api/ai/models", &body).await?.expect_ok()?;
        Ok(())
    }

    fn script(&self, mode: Mode) {
        self.models.set_mode("load", mode);
    }

    /// So many messages a second at even times, whether the ones before are answered or not.
    async fn measure(&mut self, rate: usize, seconds: u64, into: Option<(&str, &mut Report)>) -> Outcome<()> {
        *self.answers.lock() = Answers::default();
        let pid = self.server.pid();
        let before_us = cpu_at_rest(pid).await?;
        let total = rate * usize::try_from(seconds)?;
        let pause = Duration::from_secs(1) / u32::try_from(rate)?;
        let calls = Rc::new(Mutex::new((Histogram::default(), 0_u64)));
        let mut posts = Vec::new();
        for _connection in 0..CONNECTIONS {
            let (sender, messages) = mpsc::unbounded_channel();
            let client = HttpClient::connect(self.address).await?;
            tokio::task::spawn_local(post_all(client, messages, Rc::clone(&calls)));
            posts.push(sender);
        }
        let started = tokio::time::Instant::now();
        for number in 0..total {
            tokio::time::sleep_until(started + pause * u32::try_from(number)?).await;
            let (customer, request) = self.request(self.said + number);
            let now = Instant::now();
            self.answers.lock().open.entry(customer).or_default().push_back(now);
            if let Some(post) = posts.get(number % CONNECTIONS) {
                post.send((now, request))?;
            }
        }
        self.said += total;
        drop(posts);
        let busy_us = cpu_us(pid)?;
        let took = started.elapsed();
        let wanted = u64::try_from(total)?;
        wait_until(DRAIN, || self.answers.lock().received >= wanted).await;
        let after_us = cpu_at_rest(pid).await?;
        let Some((row, report)) = into else { return Ok(()) };
        let answers = std::mem::take(&mut *self.answers.lock());
        let calls = calls.lock();
        report.add(row, "CPU a message", number(after_us - before_us) / number(wanted).max(1.0), "µs");
        let share = number(busy_us.saturating_sub(before_us)) / 1e4 / took.as_secs_f64();
        report.add(row, "server's share of one core", share, "%");
        report.add_times(row, ["webhook answered, p50", "answered p95", "answered p99"], &calls.0);
        report.add_times(row, ["end to end, p50", "end to end, p95", "end to end, p99"], &answers.times);
        report.add(row, "messages", number(wanted), "");
        report.add(row, "refused webhooks", number(calls.1), "");
        report.add(row, "lost", number(wanted.saturating_sub(answers.received)), "");
        report.add(row, "doubled", number(answers.strays), "");
        Ok(())
    }

    fn request(&self, number: usize) -> (String, Vec<u8>) {
        let customer = format!("客户{}", number % CUSTOMERS);
        let Some(robot) = self.robots.get(number % ROBOTS) else { return (customer, Vec::new()) };
        let body = json!({"spoken": "怎么退款", "rawSpoken": "怎么退款", "receivedName": customer, "groupName": "",
            "groupRemark": "", "roomType": 2, "atMe": "false", "textType": 1, "messageId": format!("load-{number}")})
        .to_string();
        let head = format!(
            "POST /api/worktool/callback?robotId={}&key={} HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            robot.link_id,
            robot.callback_key,
            body.len()
        );
        (customer, [head.into_bytes(), body.into_bytes()].concat())
    }
}

/// Posts what comes, one after the other; times count from when each was due.
async fn post_all(
    mut client: HttpClient,
    mut messages: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
    calls: Rc<Mutex<(Histogram, u64)>>,
) {
    while let Some((due, request)) = messages.recv().await {
        let is_taken = client.call(&request).await.is_ok_and(|status| status == 200);
        let mut calls = calls.lock();
        calls.0.record(due.elapsed());
        calls.1 += u64::from(!is_taken);
    }
}
