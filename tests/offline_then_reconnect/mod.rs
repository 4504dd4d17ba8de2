//! What was sent while the phone was away arrives once, in order, and again only while it is unconfirmed.
use std::time::Duration;

use serde_json::json;
use workbot_robot_sim::{Behaviour, Outcome};

use crate::commands::{queue, state, text};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(order_after_absence, unconfirmed_again, many_robots_return);

async fn order_after_absence(backend: Backend) {
    let mut server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let mut wanted = Vec::new();
    for priority in [0, 10, -10, 10, 0] {
        let list: Vec<_> =
            (0..10).map(|number| text(&format!("{priority} {} {number}", wanted.len()))).collect();
        rest.post("/api/robot/commands", &json!({"list": list, "priority": priority}))
            .await
            .unwrap()
            .expect_ok()
            .unwrap();
        wanted.push((-priority, wanted.len()));
    }
    wanted.sort_unstable();
    let offline = |server: &TestServer, processed: &str| {
        server.database().sql(&format!(
            "SELECT CAST(count(*) AS TEXT) AS value FROM offline_commands WHERE processed = {processed}"
        ))
    };
    assert_eq!(
        (offline(&server, "false"), offline(&server, "true")),
        (vec!["50".to_owned()], vec!["0".to_owned()])
    );
    assert!(server.terminate().await.success());
    server.restart().await;

    let phone = server.phone(&robot).await;
    for (priority, batch) in wanted {
        for number in 0..10 {
            let command = phone.next_command(SOON).await.unwrap();
            assert_eq!(
                command.content(),
                format!("{} {batch} {number}", -priority),
                "by priority, then by age, over a restart"
            );
            assert!(!command.redelivered && command.attempt == 1);
            phone.ack(&command).await.unwrap();
            phone.result(&command, Outcome::success(&command)).await.unwrap();
        }
    }
    let last = queue(&rest, id, "last").await;
    assert_eq!(phone.serve_next(SOON).await.unwrap().id, last);
    state(&rest, &last, "succeeded").await;
    assert_eq!(
        (offline(&server, "false"), offline(&server, "true")),
        (vec!["0".to_owned()], vec!["50".to_owned()])
    );
}

async fn unconfirmed_again(backend: Backend) {
    let mut server =
        TestServer::builder(backend).set("limits.enabled", false).set("commands.in_flight", 2).start().await;
    let (robot, rest) = server.robot().await;
    let id = robot.robot_id.as_str();
    let phone = server.phone(&robot).await;
    let mut ids = Vec::new();
    for content in ["acked", "finished", "unconfirmed 1", "unconfirmed 2"] {
        ids.push(queue(&rest, id, content).await);
    }
    let acked = phone.next_command(SOON).await.unwrap();
    phone.ack(&acked).await.unwrap();
    state(&rest, &ids[0], "confirmed").await;
    assert_eq!(phone.serve_next(SOON).await.unwrap().id, ids[1]);
    state(&rest, &ids[1], "succeeded").await;
    let open = [phone.next_command(SOON).await.unwrap(), phone.next_command(SOON).await.unwrap()];
    assert_eq!([&open[0].id, &open[1].id], [&ids[2], &ids[3]]);
    phone.disconnect().await.unwrap();
    phone.wait_ended(SOON).await.unwrap();
    let urgent = rest
        .send_message(&json!({"type": "text", "titleList": ["a"], "content": "urgent", "priority": 100}))
        .await
        .unwrap();
    let urgent = urgent.text("/messageId").unwrap();
    let later = queue(&rest, id, "later").await;

    for round in 0..2 {
        phone.reconnect(SOON).await.unwrap();
        for wanted in &ids[2..] {
            let command = phone.next_command(SOON).await.unwrap();
            assert_eq!(
                (&command.id, command.redelivered, command.attempt),
                (wanted, true, 1),
                "unconfirmed first, round {round}"
            );
        }
        if round == 1 {
            break;
        }
        // A killed server remembers what the phone has not confirmed.
        server.restart().await;
        phone.wait_ended(SOON).await.unwrap();
    }
    for command in [&acked, &open[0], &open[1]] {
        phone.result(command, Outcome::success(command)).await.unwrap();
        state(&rest, &command.id, "succeeded").await;
    }
    for wanted in [&urgent, &later] {
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(&command.id, wanted, "by priority after what is unconfirmed");
        phone.ack(&command).await.unwrap();
        phone.result(&command, Outcome::success(&command)).await.unwrap();
    }
    phone.reconnect(SOON).await.unwrap();
    phone.expect_no_command(Duration::from_millis(500)).await.unwrap();
    let counters = phone.counters();
    assert_eq!((counters.memory.doubled, counters.memory.unflagged), (0, 0), "{counters:?}");
}

async fn many_robots_return(backend: Backend) {
    const ROBOTS: usize = 20;
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let made = server.cli(&["robots", "create", "--name", "群", "--count", &ROBOTS.to_string()]).await;
    let robots: Vec<workbot_robot_sim::Identity> = made["robots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|robot| serde_json::from_value(robot.clone()).unwrap())
        .collect();
    assert_eq!(robots.len(), ROBOTS);
    let mut ids = Vec::new();
    for robot in &robots {
        let rest = server.rest().with_token(&robot.token);
        let list: Vec<_> = (0..10).map(|number| text(&number.to_string())).collect();
        let made = rest.send_commands(&robot.robot_id, &list).await.unwrap().expect_ok().unwrap();
        ids.push((rest, made.text("/messageIds/9").unwrap()));
    }
    let phones = futures_util::future::join_all(
        robots.iter().map(|robot| server.automatic(robot, Behaviour::default())),
    )
    .await;
    for ((rest, last), phone) in ids.iter().zip(&phones) {
        state(rest, last, "succeeded").await;
        let counters = phone.wait_counters(SOON, |counters| counters.executed == 10).await.unwrap();
        assert_eq!(
            (counters.memory.doubled, counters.memory.order_violations, counters.memory.redelivered),
            (0, 0, 0)
        );
    }
}
