//! Screens faster than the robot's limit: none is dropped.
use workbot_robot_sim::dialect::worktool::Chat;

use super::{Bench, LATER};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

/// More than the limit holds.
const TEXTS: u32 = 45;

async fn screens_over_the_limit_are_looked_at_later(backend: Backend) {
    let builder = TestServer::builder(backend)
        .set("limits.enabled", true)
        .set("limits.connects_per_minute", 1_000)
        .set("limits.robot_inbound_per_minute", 30);
    let bench = Bench::of(builder).await;
    let phone = bench.reading().await;
    phone.with(|app| app.add_chat(Chat::new(1, &["另一个群"])));
    let mut wanted = Vec::new();
    for number in 0..TEXTS {
        let (group, screens) = (["测试群", "另一个群"][usize::try_from(number % 2).unwrap()], number + 1);
        let text = format!("第 {number} 句话，说给机器人听");
        phone.with(|app| app.say(group, "甲", &text));
        let is_shown = |app: &_| shown(app) >= screens;
        phone.wait(LATER, "the screen with it", is_shown).await.unwrap();
        wanted.push(format!("in 甲 {text}"));
    }
    let mut stored = bench.all_messages(wanted.len()).await;
    stored.sort_by_key(|line| wanted.iter().position(|text| text == line));
    assert_eq!(stored, wanted, "each once");
    for group in ["测试群", "另一个群"] {
        let numbers: Vec<u32> = bench
            .values(&format!(
                "SELECT raw_spoken AS value FROM session_messages WHERE group_name = '{group}' ORDER BY seq"
            ))
            .iter()
            .map(|text| text.split_whitespace().nth(1).unwrap().parse().unwrap())
            .collect();
        assert!(numbers.is_sorted(), "{group}: {numbers:?}");
    }
    assert!(bench.metric("workbot_socket_merged_screens_total").await > 0, "some had to wait");
}

/// Texts that have been on a screen: each is the last of a first screen of its own.
fn shown(app: &workbot_robot_sim::dialect::worktool::App) -> u32 {
    u32::try_from(app.counters().unread_screens).unwrap()
}

on_both!(screens_over_the_limit_are_looked_at_later);
