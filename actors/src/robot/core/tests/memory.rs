use super::*;

fn old(id: &str, secs: i64) -> RobotCommand {
    RobotCommand { sent_at: Some(start().plus(TimeDelta::seconds(-secs))), ..sent(id) }
}

fn attached(rows: Vec<RobotCommand>) -> (Bench, Vec<Effect>) {
    let core = Core::new(CoreSettings::default().for_worktool());
    let mut bench = Bench { core, ..Bench::new() };
    assert!(bench.attach().contains(&Effect::TakeUnconfirmed(4)));
    let effects = bench.step(Input::Unconfirmed(Taken::Rows(rows), true));
    (bench, effects)
}

#[test]
fn what_the_app_may_forget_goes_alone() {
    let (mut bench, effects) = attached(vec![old("a", 20), old("b", 20)]);
    assert_eq!(pushes(&effects), [("a".into(), true)]);
    assert_eq!(bench.step(Input::Wake), [], "nothing new goes before it is confirmed");
    bench.ack("a");
    assert_eq!(bench.step(Input::Wake), [], "… durably");
    assert_eq!(bench.moved(row("a", 1, 100, CommandState::Confirmed)), [Effect::TakeUnconfirmed(4)]);
    let effects = bench.step(Input::Unconfirmed(Taken::Rows(vec![old("b", 20)]), true));
    assert_eq!((pushes(&effects), claim(&effects)), (vec![("b".into(), true)], None));
    bench.ack("b");
    let effects = bench.moved(row("b", 1, 100, CommandState::Confirmed));
    assert!(claim(&effects).is_some());
}

#[test]
fn an_app_that_does_not_confirm_is_not_waited_for_longer_than_its_time() {
    let (mut bench, effects) = attached(vec![old("a", 60)]);
    assert_eq!((pushes(&effects), claim(&effects)), (vec![("a".into(), true)], None));
    assert_eq!(bench.core.next_tick_ms(), Some(11_000));
    bench.now_ms = 11_000;
    assert_eq!(claim(&bench.step(Input::Tick)).map(|limit| limit.commands), Some(1));
}

#[test]
fn what_the_phone_surely_knows_holds_up_nothing() {
    let (_bench, effects) = attached(vec![old("a", 19), old("b", 19)]);
    assert_eq!(pushes(&effects), [("a".into(), true), ("b".into(), true)]);
    let mut native = Bench::new();
    native.attach();
    let effects = native.step(Input::Unconfirmed(Taken::Rows(vec![old("a", 60), old("b", 60)]), true));
    assert_eq!(pushes(&effects).len(), 2, "a native phone never forgets");
}
