//! `workbot demo`: the main job in one command, on real protocol traffic, with the server killed in the middle of it.
//!
//! ```text
//! customers ─▶ phones ═▶ server (a process of its own) ═▶ AI platform ═▶ server ═▶ phones ═▶ server ═▶ AI platform
//!                          └─ killed once with SIGKILL and started again on the same data
//! ```
//! The demo knows the server by its wire alone: subcommands for the first admin, then REST, sockets and callbacks.
mod book;
mod flows;
mod folder;
mod phones;
mod platform;
mod script;
mod server;
mod show;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use workbot_robot_sim::{Hook, Models, Platform, PlatformConfig, Rest};

use self::book::{Book, Tally};
use self::folder::Folder;
use self::server::Server;
use super::args::{DemoArgs, GlobalArgs};
use super::error::CliError;
use crate::boot::shutdown;

/// Where the demo listens unless told otherwise.
const PORT: u16 = 5_000;
/// The demo's admin.
const ADMIN: &str = "13800000000";
/// Without an end, the server is killed after this time.
const KILL_AFTER: Duration = Duration::from_secs(20);
/// Messages to each robot at once, right before the kill.
const RUSH: usize = 3;
/// For enough of them to be in the server's hand.
const FULL: Duration = Duration::from_millis(500);
/// From the kill to the new start.
const AWAY: Duration = Duration::from_millis(700);
/// From the last message until every story must be complete.
const DRAIN: Duration = Duration::from_secs(60);
/// Afterwards late repeats are watched for.
const SETTLE: Duration = Duration::from_millis(700);
/// How often the book is asked whether everything is complete.
const LOOK: Duration = Duration::from_millis(50);

/// Runs until Ctrl-C or its time is over; an error unless nothing was lost and nothing doubled.
pub async fn run(args: DemoArgs, global: GlobalArgs) -> Result<(), CliError> {
    if global.database_url.is_some() || global.config.is_some() {
        return Err(CliError::usage(
            "the demo brings its own database and settings; leave --database-url and --config out",
        ));
    }
    let mut folder = Folder::fresh(global.data_dir.as_deref())?;
    let outcome = perform(&args, &folder).await;
    if outcome.is_err() && folder.is_temporary() {
        folder.keep();
    }
    outcome
}

async fn perform(args: &DemoArgs, folder: &Folder) -> Result<(), CliError> {
    let signal = shutdown::on_signal().map_err(CliError::failed)?;
    tokio::pin!(signal);
    let stage = tokio::select! {
        stage = Stage::set(args, folder) => stage?,
        _name = &mut signal => return Ok(()),
    };
    let end = async {
        match args.seconds {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let end = async {
        tokio::select! {
            () = end => {}
            _name = &mut signal => {}
        }
    };
    let kill_after = args.seconds.map_or(KILL_AFTER, |seconds| Duration::from_secs(seconds) / 2);
    stage.play(kill_after, end).await
}

/// Everything that takes part.
struct Stage {
    server: Server,
    admin: Rest,
    /// Answers as long as it is held.
    _models: Models,
    desks: Vec<phones::Desk>,
    platform: platform::Desk,
    book: Arc<Mutex<Book>>,
}

impl Stage {
    /// Starts the server, makes admin, codes and key, activates and connects the phones, and says where everything is.
    async fn set(args: &DemoArgs, folder: &Folder) -> Result<Self, CliError> {
        let program = std::env::current_exe().map_err(CliError::failed)?;
        let path = folder.path()?;
        show::line(
            "WorkBot demo: a server, six phones (one of them with the WorkTool app) and an AI platform, all on this machine",
        );
        let token = admin_token(&program, &path).await?;
        let server = Server::start(&program, &path, listen(args)).await?;
        let wanted = args.listen.port.unwrap_or(PORT);
        if wanted != 0 && server.port() != wanted {
            show::line(&format!(
                "port {wanted} is taken by another program; the demo listens on {}",
                server.port()
            ));
        }
        let admin = Rest::new(&server.url()).map_err(CliError::failed)?.with_token(token);
        tell_addresses(&admin, &program, &path, folder.is_temporary()).await;

        let started = Instant::now();
        let book = Arc::new(Mutex::new(Book::default()));
        let robots = phones::activate(&admin).await.map_err(CliError::failed)?;
        let receiver = Platform::start(PlatformConfig::default()).await.map_err(CliError::failed)?;
        let key = platform_key(&admin).await?;
        let rest = Rest::new(&server.url()).map_err(CliError::failed)?.with_token(key);
        let (message_url, result_url) = (receiver.url(Hook::Message), receiver.url(Hook::Result));
        let mut secrets = Vec::new();
        for robot in &robots {
            let secret =
                phones::bind(&rest, robot, &message_url, &result_url).await.map_err(CliError::failed)?;
            secrets.push(secret);
        }
        receiver.set_secrets(secrets);
        let desks = phones::connect(&server.url(), robots, &book).await.map_err(CliError::failed)?;
        let names: Vec<_> = desks.iter().map(|desk| desk.name).collect();
        show::line(&format!(
            "phones     {}: activated, bound and online in {} ms",
            names.join("、"),
            started.elapsed().as_millis()
        ));
        show::line(&format!(
            "platform   {message_url} (signed callbacks), answers through POST /api/robot/send-message"
        ));
        let models = flows::give_model(&admin, &desks).await.map_err(CliError::failed)?;
        show::line(&format!(
            "flows      answer for {} with a scripted model, for {} with the built-in rules",
            script::FLOW_ROBOT,
            script::WORKTOOL_ROBOT
        ));
        show::line("");
        let platform = platform::Desk { platform: receiver, rest, book: Arc::clone(&book) };
        Ok(Self { server, admin, desks, platform, book, _models: models })
    }

    /// Lets everybody work, kills the server once, and ends when `end` resolves and every story is complete.
    async fn play(self, kill_after: Duration, end: impl Future<Output = ()>) -> Result<(), CliError> {
        let Self { mut server, admin, desks, platform, book, _models } = self;
        let mut kills = 0;
        let tally = {
            let traffic = async {
                {
                    let chatter = phones::chatter(&desks, &book, seed());
                    tokio::pin!(end);
                    tokio::select! {
                        () = chatter => {}
                        scenes = scenes(&mut server, (&desks, &book), kill_after, &mut kills, end) => scenes?,
                    }
                }
                show::event("no more messages; waiting for what is under way");
                drain(&mut server, &book).await
            };
            tokio::select! {
                drained = traffic => drained?,
                () = flows::watch(&admin, &desks, &book) => return Err(CliError::failed("nobody looks at the flows")),
                () = platform.work() => return Err(CliError::failed("the platform has ended")),
            }
        };
        phones::stop(desks).await.map_err(CliError::failed)?;
        server.stop().await?;
        let wrong = platform.counters().invalid_signatures;
        show::summary(&tally, kills, wrong)?;
        verdict(&tally, wrong)
    }
}

/// What happens to the server until `end`: in the middle of the traffic it is killed and started again on the same data.
async fn scenes(
    server: &mut Server,
    (desks, book): (&[phones::Desk], &Mutex<Book>),
    kill_after: Duration,
    kills: &mut u32,
    mut end: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), CliError> {
    tokio::select! {
        () = sleep(kill_after) => {}
        () = &mut end => return Ok(()),
        problem = server.ended() => return Err(problem),
    }
    phones::rush(desks, book, RUSH, seed()).await;
    let full = async {
        while book.lock().under_way() < RUSH {
            sleep(Duration::from_millis(1)).await;
        }
    };
    // Without such a moment the kill comes all the same.
    let is_full = timeout(FULL, full).await.is_ok();
    log::debug!(is_full = is_full; "the server is killed");
    let under_way = book.lock().under_way();
    server.kill().await?;
    let killed_at = Instant::now();
    *kills += 1;
    show::event(&format!(
        "*** server killed (SIGKILL) with {under_way} messages in hand; customers go on writing"
    ));
    sleep(AWAY).await;
    server.restart().await?;
    show::event(&format!("*** server back on the same data after {} ms", killed_at.elapsed().as_millis()));
    tokio::select! {
        () = &mut end => Ok(()),
        problem = server.ended() => Err(problem),
    }
}

/// Another play each time.
fn seed() -> u64 {
    Utc::now().timestamp_subsec_nanos().into()
}

/// Waits until every story is complete and nothing comes after; what is missing then is lost.
async fn drain(server: &mut Server, book: &Mutex<Book>) -> Result<Tally, CliError> {
    let complete = async {
        while book.lock().open() > 0 {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        late = timeout(DRAIN, complete) => {
            if late.is_err() {
                show::problem(&format!("{} messages are not complete after {DRAIN:?}", book.lock().open()));
            }
        }
        problem = server.ended() => return Err(problem),
    }
    sleep(SETTLE).await;
    Ok(book.lock().tally())
}

fn verdict(tally: &Tally, wrong_signatures: u64) -> Result<(), CliError> {
    if tally.lost == 0 && tally.doubled == 0 && wrong_signatures == 0 {
        return Ok(());
    }
    Err(CliError::failed("the demo did not go as it must"))
}

/// The address wanted; another port when that one is taken.
fn listen(args: &DemoArgs) -> SocketAddr {
    let host = args.listen.host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    SocketAddr::new(host, server::free_port(host, args.listen.port.unwrap_or(PORT)))
}

/// The first admin, as an operator makes it, and a token of theirs that holds as long as a demo may run.
async fn admin_token(program: &Path, folder: &Path) -> Result<String, CliError> {
    server::ask(program, folder, &["users", "create", "--phone", ADMIN, "--role", "admin", "--json"]).await?;
    let answer = server::ask(program, folder, &["token", "--phone", ADMIN, "--ttl", "30d", "--json"]).await?;
    let token = answer.get("token").and_then(Value::as_str);
    token.map(str::to_owned).ok_or_else(|| CliError::failed("workbot token printed no token"))
}

/// The key the platform answers with.
async fn platform_key(admin: &Rest) -> Result<String, CliError> {
    let body = json!({"name": "演示用 AI 平台", "scopes": ["send", "commands", "config"], "robotIds": []});
    let made = admin.post("/api/platform-keys", &body).await.map_err(CliError::failed)?;
    made.expect_ok().and_then(|made| made.text("/key")).map_err(CliError::failed)
}

async fn tell_addresses(admin: &Rest, program: &Path, folder: &Path, is_temporary: bool) {
    let base = admin.base();
    let has_console = admin.get("/").await.is_ok_and(|answer| answer.status == 200);
    if has_console {
        show::line(&format!("console    {base}/"));
    } else {
        show::line(&format!("console    {base}/ (this build comes without it)"));
    }
    show::line(&format!("login      {base}{} (10 minutes, once)", login_path(program, folder).await));
    show::line(&format!("API docs   {base}/api/docs"));
    show::line(&format!("admin      {}", token_hint(program, folder)));
    let fate = if is_temporary { ", removed at the end" } else { "" };
    show::line(&format!("data       {}{fate}", folder.display()));
}

/// The link that logs the admin in to the console.
async fn login_path(program: &Path, folder: &Path) -> String {
    let made = server::ask(program, folder, &["users", "link", "--phone", ADMIN, "--json"]).await;
    let path = made.ok().and_then(|made| Some(made.get("path")?.as_str()?.to_owned()));
    path.unwrap_or_else(|| "/login".to_owned())
}

/// How to get a token while the demo runs.
fn token_hint(program: &Path, folder: &Path) -> String {
    format!(
        "{ADMIN}; a bearer token: {} token --phone {ADMIN} --data-dir {}",
        program.display(),
        folder.display()
    )
}
