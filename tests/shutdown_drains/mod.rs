//! SIGTERM under load: the program ends well, phones are told, and nothing that was promised is lost.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use workbot_robot_sim::{Behaviour, ChatMessage, Hook, Phone, PhoneConfig, Platform, PlatformConfig, Rest};

use crate::commands::state;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(nothing_is_lost, ends_in_time);

/// Sends texts until told to stop; the ids of those that were accepted.
async fn send_until(rest: Rest, robot: String, stop: Arc<AtomicBool>) -> Vec<String> {
    let (mut accepted, mut number) = (Vec::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let keyed = rest.with_header("Idempotency-Key", format!("{robot}-{number}"));
        match keyed.send_text(&robot, &["张三"], &number.to_string()).await {
            Ok(answer) if answer.status == 200 => {
                accepted.push(answer.text("/messageId").unwrap());
                number += 1;
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.body);
                assert!(answer.retry_after().is_some_and(|seconds| seconds >= 1));
                actix_web::rt::time::sleep(Duration::from_millis(20)).await;
            }
            Err(_away) => actix_web::rt::time::sleep(Duration::from_millis(20)).await,
        }
    }
    accepted
}

async fn nothing_is_lost(backend: Backend) {
    const ROBOTS: usize = 4;
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let robots = server.activated_robots(ROBOTS + 1).await;
    let platform = Platform::start(PlatformConfig::default()).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (mut phones, mut senders) = (Vec::new(), Vec::new());
    for robot in &robots[..ROBOTS] {
        let rest = server.rest().with_token(&robot.token);
        rest.bind_messages(&robot.robot_id, &platform.url(Hook::Message)).await.unwrap().expect_ok().unwrap();
        phones.push(server.automatic(robot, Behaviour::default()).await);
        senders.push(actix_web::rt::spawn(send_until(rest, robot.robot_id.clone(), Arc::clone(&stop))));
    }
    let watcher = server.phone(&robots[ROBOTS]).await;
    phones[0].wait_counters(SOON, |counters| counters.executed >= 20).await.unwrap();
    let mut said = 0;
    for phone in &phones {
        for number in 0..5 {
            phone.say(ChatMessage::text(&format!("人{number}"), &format!("话 {said}"))).await.unwrap();
            said += 1;
        }
    }

    let status = server.terminate().await;
    assert_eq!(status.code(), Some(0), "{status}");
    assert_eq!(watcher.wait_ended(SOON).await.unwrap().close_code(), Some(1012));
    server.restart().await;
    for phone in &phones {
        phone.wait_counters(Duration::from_secs(20), |counters| counters.connects >= 2).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let mut executed = 0;
    for ((sender, robot), phone) in senders.into_iter().zip(&robots).zip(&phones) {
        let rest = server.rest().with_token(&robot.token);
        let accepted = sender.await.unwrap();
        assert!(accepted.len() > 5, "{} commands are no load", accepted.len());
        for id in &accepted {
            state(&rest, id, "succeeded").await;
        }
        let counters = phone.counters();
        assert_eq!((counters.memory.doubled, counters.memory.unflagged), (0, 0), "{counters:?}");
        assert_eq!(
            counters.executed,
            u64::try_from(accepted.len()).unwrap(),
            "what was accepted was carried out, and nothing else"
        );
        executed += accepted.len();
        phone.wait_counters(SOON, |counters| counters.messages_acked == 5).await.unwrap();
    }
    assert!(executed > 40);
    let wanted = u64::try_from(said).unwrap();
    platform.wait_counters(SOON, |counters| counters.messages >= wanted).await.unwrap();
    let mut told: Vec<String> =
        platform.received(Hook::Message).iter().map(|call| call.field("spoken").to_owned()).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), said, "every message was told");
}

async fn ends_in_time(backend: Backend) {
    let mut server = TestServer::builder(backend).set("server.drain_secs", 1).start().await;
    let robots = server.activated_robots(2).await;
    let rest = server.rest().with_token(&robots[0].token);
    // A phone that never answers, one that does not read, and a poll that waits.
    let silent = server.phone(&robots[0]).await;
    rest.send_text(&robots[0].robot_id, &["a"], "x").await.unwrap().expect_ok().unwrap();
    silent.next_command(SOON).await.unwrap();
    let deaf = Phone::connect(PhoneConfig::manual(server.url(), &robots[1].robot_id, &robots[1].token))
        .await
        .unwrap();
    deaf.go_silent().await.unwrap();
    let waiting = rest.clone();
    let robot = robots[0].robot_id.clone();
    let poll = actix_web::rt::spawn(async move { waiting.poll(&robot, 25).await });
    let began = Instant::now();
    let status = server.terminate().await;
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(began.elapsed() < Duration::from_secs(40), "the end took {:?}", began.elapsed());
    assert_eq!(silent.wait_ended(SOON).await.unwrap().close_code(), Some(1012));
    drop(poll.await.unwrap());

    server.restart().await;
    server.program().signal("INT");
    assert_eq!(server.ended().await.code(), Some(0), "SIGINT ends as well");
}
