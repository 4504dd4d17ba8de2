//! PostgreSQL stalls, is cut off, or refuses, and everybody is told what is the case. SQLite has no way to be away; see `disk_full`.
use std::time::Duration;

use tokio::time::Instant;
use workbot_robot_sim::phone::Incoming;
use workbot_robot_sim::{ChatMessage, Outcome, Phone};

use super::{RECOVERY, SILENCE, carry_out, one_command};
use crate::support::database::{Backend, TestDatabase};
use crate::support::instance::{Instance, Launch};
use crate::support::proxy::{Line, Proxy};
use crate::support::server::SOON;
use crate::support::until;

/// Errors that belong to a database that is away.
pub(super) const EXPECTED: [&str; 2] =
    ["the database is away", "the connection that holds the database lock"];
/// Until the server has noticed: the longest time of a commit, and some.
const NOTICED: Duration = Duration::from_secs(30);
/// "At once", on a machine that does other things as well.
const AT_ONCE: Duration = Duration::from_secs(4);

/// A server whose database is behind a proxy.
pub(super) async fn behind_proxy(database: &TestDatabase) -> (Proxy, Launch) {
    let mut url = url::Url::parse(&database.url).unwrap();
    let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let proxy = Proxy::start(target).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.address().port())).unwrap();
    let launch =
        Launch::new(url.as_str(), &database.folder().join("data")).set("callbacks.budget_ms", 30_000);
    (proxy, launch)
}

#[actix_web::test]
async fn stalled() {
    away(Line::Stalled, 10).await;
}

#[actix_web::test]
async fn refused() {
    away(Line::Refused, 10).await;
}

async fn away(line: Line, secs: u64) {
    let database = TestDatabase::empty(Backend::Postgres);
    let (proxy, launch) = behind_proxy(&database).await;
    let server = launch.start().await;
    server.wait_readiness(200, RECOVERY).await;
    let robots = server.robots(2).await;
    let rest = server.rest().with_token(&robots[0].token);
    let phone = Phone::connect(server.manual(&robots[0])).await.unwrap();
    one_command(&phone, &rest, &robots[0].robot_id, "before").await;
    let open = rest.send_text(&robots[0].robot_id, &["张三"], "open").await.unwrap().expect_ok().unwrap();
    let open_command = phone.next_command(SOON).await.unwrap();
    assert_eq!(open_command.id, open.text("/messageId").unwrap());

    proxy.set(line);
    let gone_at = Instant::now();
    // What the phone reports now is kept until it can be stored.
    phone.ack(&open_command).await.unwrap();
    phone.result(&open_command, Outcome::success(&open_command)).await.unwrap();
    let unsure = rest.with_header("Idempotency-Key", "unsure");
    let first = async {
        let first = unsure.send_text(&robots[0].robot_id, &["张三"], "unsure").await.unwrap();
        assert_eq!(first.status, 503, "{}", first.body);
        println!("{line:?}: the first one is told after {:?}", first.took);
    };
    let noticed = async {
        server.wait_readiness(503, NOTICED).await;
        println!("{line:?}: /readyz says so {:?} after the database was gone", gone_at.elapsed());
    };
    tokio::join!(first, noticed);
    for _ in 0..20 {
        let refused = rest.send_text(&robots[0].robot_id, &["张三"], "refused").await.unwrap();
        let refused = refused.expect_error(503, "unavailable").unwrap();
        assert!(refused.retry_after().is_some_and(|secs| secs >= 1), "{:?}", refused.headers);
        assert!(refused.took < AT_ONCE, "told after {:?}", refused.took);
    }
    let message = ChatMessage::text("张三", "not now");
    let answer =
        rest.post_message(&robots[0].robot_id, &message).await.unwrap().expect_error(503, "unavailable");
    assert!(answer.unwrap().retry_after().is_some());
    phone.say(ChatMessage::text("张三", "later").with_id("app-later")).await.unwrap();
    let nack = phone.next_frame("message_nack", SOON).await.unwrap();
    assert_eq!(nack["data"]["messageId"], "app-later");
    assert!(nack["data"]["retryAfter"].as_u64().is_some_and(|secs| secs >= 1), "{nack}");
    assert_eq!(server.rest().get("/healthz").await.unwrap().status, 200);
    let reads = [
        rest.command(&open_command.id).await.unwrap(),
        rest.poll(&robots[0].robot_id, 0).await.unwrap(),
        server.rest().refresh(&robots[0].refresh_token).await.unwrap(),
    ];
    for read in reads {
        let read = read.expect_error(503, "unavailable").unwrap();
        println!("{line:?}: a read is refused after {:?}", read.took);
        assert!(read.retry_after().is_some(), "{:?}", read.headers);
    }
    tokio::time::sleep_until(gone_at + Duration::from_secs(secs)).await;
    assert!(server.program().is_running());

    proxy.set(Line::Open);
    let back_at = Instant::now();
    server.wait_readiness(200, RECOVERY).await;
    println!("{line:?}: ready {:?} after the database was back", back_at.elapsed());
    rest.wait_state(&open_command.id, SOON, |state| state == "succeeded").await.unwrap();
    let receipt = |incoming: &Incoming| (incoming.raw["type"] == "message_ack").then_some(());
    phone.next_where(SOON, "the message is taken when it comes again", receipt).await.unwrap();
    assert_eq!(phone.counters().connects, 1, "the socket was not lost");
    let again = until(SOON, "the server answers the same request", async || {
        let answer = unsure.send_text(&robots[0].robot_id, &["张三"], "unsure").await.unwrap();
        (answer.status == 200).then_some(answer)
    })
    .await;
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!(
        command.id,
        again.text("/messageId").unwrap(),
        "once, whether or not the first try was written"
    );
    carry_out(&phone, &rest, &command).await;
    one_command(&phone, &rest, &robots[0].robot_id, "after").await;
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!(phone.counters().memory.doubled, 0);
    let mut other = Phone::connect(server.manual(&robots[1])).await;
    if other.is_err() {
        other = Phone::connect(server.manual(&robots[1])).await;
    }
    other.unwrap();
    finish(&server).await;
}

pub(super) async fn finish(server: &Instance) {
    assert!(server.terminate().await.success());
    assert_eq!(server.errors_but(&EXPECTED), Vec::<String>::new());
}

/// The server may be started before its database can be reached.
#[actix_web::test]
async fn away_at_the_start() {
    for line in [Line::Refused, Line::Stalled] {
        let database = TestDatabase::empty(Backend::Postgres);
        let (proxy, launch) = behind_proxy(&database).await;
        proxy.set(line);
        let server = launch.start().await;
        assert_eq!(server.rest().get("/healthz").await.unwrap().status, 200);
        let early = server.rest().heartbeat().await.unwrap().expect_error(503, "unavailable").unwrap();
        assert!(early.retry_after().is_some());
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(server.readiness().await, Some(503));
        proxy.set(Line::Open);
        server.wait_readiness(200, RECOVERY).await;
        let robot = server.robots(1).await.remove(0);
        let phone = Phone::connect(server.manual(&robot)).await.unwrap();
        let rest = server.rest().with_token(&robot.token);
        one_command(&phone, &rest, &robot.robot_id, "first").await;
        finish(&server).await;
    }
}

/// Every connection is cut at once, as by a restart of the database: it goes on within moments, and nothing is lost.
#[actix_web::test]
async fn cut_off() {
    let database = TestDatabase::empty(Backend::Postgres);
    let (proxy, launch) = behind_proxy(&database).await;
    let server = launch.start().await;
    server.wait_readiness(200, RECOVERY).await;
    let robot = server.robots(1).await.remove(0);
    let rest = server.rest().with_token(&robot.token);
    let phone = Phone::connect(server.manual(&robot)).await.unwrap();
    for round in 0..6 {
        one_command(&phone, &rest, &robot.robot_id, "before").await;
        proxy.cut();
        let cut_at = Instant::now();
        let keyed = rest.with_header("Idempotency-Key", format!("cut-{round}"));
        let mut refusals = 0;
        let sent = until(RECOVERY, "commands are taken again", async || {
            let answer = keyed.send_text(&robot.robot_id, &["张三"], "after").await.unwrap();
            refusals += i32::from(answer.status == 503);
            assert!(matches!(answer.status, 200 | 503 | 409), "{}", answer.body);
            (answer.status == 200).then_some(answer)
        })
        .await;
        println!("cut: {refusals} refused, taken again after {:?}", cut_at.elapsed());
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(command.id, sent.text("/messageId").unwrap());
        carry_out(&phone, &rest, &command).await;
        server.wait_readiness(200, RECOVERY).await;
    }
    phone.expect_no_command(SILENCE).await.unwrap();
    assert_eq!((phone.counters().connects, phone.counters().memory.doubled), (1, 0));
    finish(&server).await;
}
