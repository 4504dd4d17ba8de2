//! The tokens of a robot's day.
use workbot_schema::robots::{Robot, RobotKind};

use super::*;

#[actix::test]
async fn a_spent_budget_leaves_rules_until_midnight_in_shanghai() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    let robot = RobotUuid::generate();
    let ask = || TurnRequest { robot: Some(robot), daily_token_budget: 150, ..request("你好") };
    let first = rig.providers.reply(ask()).await;
    assert_eq!(first.by, Some("a".into()));
    let spent = first.tokens_in + first.tokens_out;
    assert!((100..150).contains(&spent), "{spent}");
    assert_eq!(rig.providers.reply(ask()).await.by, Some("a".into()), "not spent yet");
    let third = rig.providers.reply(ask()).await;
    assert_eq!((third.by, third.degraded, rig.models.count("a")), (None, Some(Degraded::BudgetSpent), 2));
    let other = TurnRequest { robot: Some(RobotUuid::generate()), ..ask() };
    assert_eq!(rig.providers.reply(other).await.by, Some("a".into()));
    // 1_800_000_000 is 16:00 of a day in Shanghai.
    rig.advance(Duration::from_secs(8 * 3_600));
    assert_eq!(rig.providers.reply(ask()).await.by, Some("a".into()));
}

#[actix::test]
async fn what_was_spent_before_a_restart_counts() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    let now = Ts::new(rig.kernel.clock.now());
    let robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now);
    let uuid = robot.id;
    rig.journal.write(vec![Record::Robot(Box::new(robot))]).await.unwrap();
    spend_in_store(&rig, uuid, 500);
    let ask = TurnRequest { robot: Some(uuid), daily_token_budget: 500, ..request("你好") };
    let reply = rig.providers.reply(ask).await;
    assert_eq!((reply.by, reply.degraded), (None, Some(Degraded::BudgetSpent)));
    assert_eq!(rig.models.counters().calls, 0);
}

#[actix::test]
async fn the_budget_is_looked_at_before_every_model() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 9), row(models, "b", 0)]).await;
    rig.models.set_mode("a", Mode::Empty);
    let robot = RobotUuid::generate();
    let ask = TurnRequest { robot: Some(robot), daily_token_budget: 100, ..request("你好") };
    let reply = rig.providers.reply(ask).await;
    assert_eq!(
        (reply.tokens_in, reply.degraded),
        (100, Some(Degraded::BudgetSpent)),
        "an empty answer costs, too"
    );
    assert_eq!(rig.models.count("b"), 0);
}
