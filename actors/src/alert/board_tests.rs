use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};
use workbot_schema::alert_rules::AlertRule;
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Json;
use workbot_schema::ids::UserId;
use workbot_schema::robots::{Robot, RobotKind};

use super::*;

fn now() -> Ts {
    Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

fn robot(owner: Option<&str>) -> Arc<RobotProfile> {
    let mut robot = Robot::new(RobotKind::Native, "管家".to_owned(), None, now());
    robot.owner_id = owner.map(UserId::from);
    Arc::new(RobotProfile { robot, members: Vec::new(), bindings: Vec::new() })
}

fn rule(id: &str, metric: AlertMetric, value: Value, change: impl FnOnce(&mut AlertRule)) -> Arc<Rule> {
    let mut row = AlertRule::new(id, metric, ("gt", value), AlertLevel::Warning, now());
    row.id = id.into();
    (row.window_secs, row.for_secs, row.cooldown_secs) = (60, 0, 0);
    change(&mut row);
    Arc::new(Rule::read(row).unwrap())
}

fn board(rules: &[Arc<Rule>]) -> Board {
    let mut board = Board::default();
    board.set_rules(rules);
    board
}

/// `+rule` for an alert, `-rule` for its end, with the robot's place in `robots` or `*` for all of them.
fn told(verdicts: &[Verdict], robots: &[Arc<RobotProfile>]) -> Vec<String> {
    let place = |scope: &Scope| match scope {
        Scope::Fleet => "*".to_owned(),
        Scope::Robot(id) => robots.iter().position(|robot| robot.robot.id == *id).unwrap().to_string(),
    };
    verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Fire(rule, scope, _reading) => format!("+{} {}", rule.row.id, place(scope)),
            Verdict::Over(rule, scope) => format!("-{} {}", rule.row.id, place(scope)),
        })
        .collect()
}

fn known(_robot: RobotUuid) -> bool {
    false
}

fn away(robot: &Arc<RobotProfile>, offline_secs: u64, queued: u64) -> Sight {
    Sight { profile: Arc::clone(robot), offline_secs: Some(offline_secs), queued }
}

#[test]
fn presence_and_queues_are_each_robots_own() {
    let robots = [robot(None), robot(Some("u1"))];
    let mut board = board(&[
        rule("backlog", AlertMetric::Backlog, json!(10), |_row| {}),
        rule("mine", AlertMetric::RobotOffline, json!(0), |row| row.owner_id = Some("u1".into())),
        rule("offline", AlertMetric::RobotOffline, json!(300), |row| row.for_secs = 2),
    ]);
    let mut judge =
        |sights: &[Sight], secs: u64| told(&board.judge(sights, &known, now(), secs * 1_000), &robots);
    let both = [away(&robots[0], 301, 11), away(&robots[1], 20, 10)];
    assert_eq!(judge(&both, 0), ["+backlog 0", "+mine 1"]);
    assert_eq!(judge(&both, 2), ["+offline 0"]);
    assert_eq!(judge(&both, 60), Vec::<String>::new());
    assert_eq!(judge(&[away(&robots[1], 30, 0)], 61), ["-backlog 0", "-offline 0"]);
    assert_eq!(judge(&[], 62), ["-mine 1"]);
    assert!(
        board.chapters.values().all(|chapter| chapter.cases.is_empty()),
        "nothing is kept of what is over"
    );
}

#[test]
fn shares_are_of_all_robots_together_or_of_those_that_are_named() {
    let robots = [robot(None), robot(None), robot(Some("u1"))];
    let named = robots[1].robot.robot_id.to_string();
    let mut board = board(&[
        rule("all", AlertMetric::AiFailureRate, json!(10), |_row| {}),
        rule("callbacks", AlertMetric::CallbackFailureRate, json!(10), |_row| {}),
        rule("named", AlertMetric::AiFailureRate, json!(10), |row| row.robot_ids = Json(vec![named])),
        rule("owned", AlertMetric::AiFailureRate, json!(10), |row| row.owner_id = Some("u1".into())),
    ]);
    for (place, is_bad) in [(0, true), (1, false), (1, false), (1, false), (2, true), (2, true)] {
        board.note(&robots[place], Measured::AiCall { is_bad }, 1_000);
        board.note(&robots[place], Measured::Callback { is_bad: place == 1 }, 1_000);
    }
    assert_eq!(told(&board.judge(&[], &known, now(), 1_000), &robots), ["+all *", "+callbacks 1"]);
    board.note(&robots[2], Measured::AiCall { is_bad: true }, 2_000);
    board.note(&robots[1], Measured::AiCall { is_bad: true }, 2_000);
    let verdicts = board.judge(&[], &known, now(), 2_000);
    assert_eq!(told(&verdicts, &robots), ["+named 1", "+owned 2"]);
    let Verdict::Fire(_rule, _scope, reading) = &verdicts[0] else { panic!("an alert") };
    assert_eq!(*reading, Reading { value: 25.0, total: Some(4) });
    let over = |board: &mut Board| told(&board.judge(&[], &known, now(), 120_000), &robots);
    assert_eq!(over(&mut board), Vec::<String>::new(), "silence is no recovery");
    for _call in 0..3 {
        board.note(&robots[1], Measured::AiCall { is_bad: false }, 120_000);
    }
    assert_eq!(over(&mut board), ["-all *", "-named 1"]);
}

#[test]
fn slow_answers_are_told_by_their_p95() {
    let robots = [robot(None)];
    let mut board = board(&[rule("slow", AlertMetric::ResponseMs, json!(3_000), |_row| {})]);
    for (number, millis) in [2_000, 3_000, 2_500].into_iter().enumerate() {
        board.note(&robots[0], Measured::Answer(millis), u64::try_from(number).unwrap());
    }
    assert_eq!(told(&board.judge(&[], &known, now(), 10), &robots), Vec::<String>::new());
    board.note(&robots[0], Measured::Answer(3_001), 11);
    assert_eq!(told(&board.judge(&[], &known, now(), 11), &robots), ["+slow *"]);
}

#[test]
fn a_silenced_rule_says_nothing_and_speaks_up_afterwards() {
    let robots = [robot(None)];
    let until = now().plus(chrono::TimeDelta::seconds(5));
    let mut board =
        board(&[rule("r", AlertMetric::RobotOffline, json!(1), |row| row.silenced_until = Some(until))]);
    let sights = [away(&robots[0], 60, 0)];
    assert_eq!(told(&board.judge(&sights, &known, now(), 0), &robots), Vec::<String>::new());
    assert_eq!(told(&board.judge(&sights, &known, until, 5_000), &robots), ["+r 0"]);
}

#[test]
fn changes_of_rules_and_restarts_do_not_tell_twice() {
    let robots = [robot(None)];
    let offline = |change: fn(&mut AlertRule)| rule("r", AlertMetric::RobotOffline, json!(1), change);
    let mut board = board(&[offline(|_row| {})]);
    let sights = [away(&robots[0], 60, 0)];
    assert_eq!(told(&board.judge(&sights, &known, now(), 0), &robots), ["+r 0"]);
    board.set_rules(&[offline(|row| row.name = "另一个名字".to_owned())]);
    assert_eq!(
        told(&board.judge(&sights, &known, now(), 1), &robots),
        Vec::<String>::new(),
        "it was told already"
    );
    board.set_rules(&[]);
    board.set_rules(&[offline(|_row| {})]);
    board.adopt(&"r".into(), Scope::Robot(robots[0].robot.id), 2);
    assert_eq!(
        told(&board.judge(&sights, &known, now(), 3), &robots),
        Vec::<String>::new(),
        "told before the restart"
    );
    let is_unknown = |_robot| true;
    assert!(board.judge(&[], &is_unknown, now(), 4).is_empty(), "nobody knows yet whether it is back");
    assert_eq!(told(&board.judge(&[], &known, now(), 4), &robots), ["-r 0"]);
    assert_eq!(told(&board.judge(&sights, &known, now(), 5), &robots), ["+r 0"]);
    board.unfire(&"r".into(), Scope::Robot(robots[0].robot.id));
    assert_eq!(told(&board.judge(&sights, &known, now(), 6), &robots), ["+r 0"], "what could not be written");
}

#[test]
fn a_rule_keeps_so_many_robots_and_counts_the_others() {
    let mut board = board(&[rule("r", AlertMetric::RobotOffline, json!(0), |_row| {})]);
    let sights: Vec<Sight> = (0..SCOPES_MAX + 3).map(|_number| away(&robot(None), 1, 0)).collect();
    assert_eq!(board.judge(&sights, &known, now(), 0).len(), SCOPES_MAX);
    assert_eq!(board.refused(), 3);
}

proptest! {
    #[test]
    fn every_alert_ends_before_the_next_one_of_its_robot(
        seconds in prop::collection::vec(prop::collection::vec((0_usize..3, 0_u64..600), 0..4), 1..60),
        for_secs in 0_i32..10,
        cooldown_secs in 0_i32..20,
    ) {
        let robots = [robot(None), robot(None), robot(None)];
        let mut board = board(&[rule("r", AlertMetric::RobotOffline, json!(300), |row| {
            (row.for_secs, row.cooldown_secs) = (for_secs, cooldown_secs);
        })]);
        let mut open = [false; 3];
        for (second, sights) in seconds.into_iter().enumerate() {
            let sights: Vec<Sight> =
                sights.into_iter().map(|(place, secs)| away(&robots[place], secs, 0)).collect();
            for verdict in board.judge(&sights, &known, now(), u64::try_from(second).unwrap() * 1_000) {
                let (is_fire, scope) = match verdict {
                    Verdict::Fire(_, scope, _) => (true, scope),
                    Verdict::Over(_, scope) => (false, scope),
                };
                let place = robots.iter().position(|robot| Scope::Robot(robot.robot.id) == scope).unwrap();
                prop_assert_ne!(open[place], is_fire);
                open[place] = is_fire;
            }
        }
    }
}
