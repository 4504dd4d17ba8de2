use super::*;

#[test]
fn a_304_needs_no_place_on_the_phone() {
    let clear = || RobotCommand { command_type: CLEAR_QUEUE, ..sent("x") };
    let mut bench = Bench::idle();
    bench.core.hold(8);
    assert_eq!(bench.step(Input::Wake), [], "every place is taken");
    bench.has_clear = true;
    assert_eq!(bench.step(Input::Wake), [Effect::ClaimOnly(CLEAR_QUEUE)]);
    bench.has_clear = false;
    assert_eq!(bench.step(Input::Wake), [], "one claim at a time");
    let effects = bench.step(Input::Claimed(Taken::Rows(vec![clear()])));
    assert_eq!(pushes(&effects), [("x".to_owned(), false)]);
    assert_eq!(claim(&effects), None, "the others still wait");
    bench.core.hold(7);
    let effects = bench.moved(row("x", 1, 1, CommandState::Confirmed));
    assert_eq!(claim(&effects).map(|limit| limit.commands), Some(1), "the phone has dropped one");
    let mut free = Bench::idle();
    free.has_clear = true;
    assert!(claim(&free.step(Input::Wake)).is_some(), "with places it goes like any other");
}
