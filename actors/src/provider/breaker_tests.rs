use proptest::prelude::*;

use super::*;

const RULE: BreakerRule = BreakerRule {
    failures: 5,
    window: 20,
    least: 10,
    open: Duration::from_secs(30),
    open_max: Duration::from_secs(300),
    lease: Duration::from_secs(60),
};

fn call(breaker: &mut Breaker, verdict: Verdict, now_ms: u64) {
    let ticket = breaker.admit(now_ms).unwrap();
    assert!(breaker.settle(ticket, verdict, None, now_ms, 0.0));
}

fn opened(now_ms: u64) -> Breaker {
    let mut breaker = Breaker::new(RULE);
    for _ in 0..5 {
        call(&mut breaker, Verdict::Failure, now_ms);
    }
    breaker
}

#[test]
fn five_failures_in_a_row_open_it_and_a_success_between_does_not() {
    let mut breaker = Breaker::new(RULE);
    for verdict in [Verdict::Failure; 4] {
        call(&mut breaker, verdict, 0);
    }
    call(&mut breaker, Verdict::Success, 0);
    for verdict in [Verdict::Failure; 4] {
        call(&mut breaker, verdict, 0);
    }
    assert_eq!(breaker.state(0), BreakerState::Closed);
    call(&mut breaker, Verdict::Failure, 0);
    assert_eq!(breaker.state(0), BreakerState::Open);
    assert_eq!(breaker.admit(0), Err(Duration::from_secs(30)));
    assert_eq!(breaker.admit(29_999), Err(Duration::from_millis(1)));
}

#[test]
fn half_of_the_last_calls_open_it_once_there_are_enough() {
    let mut breaker = Breaker::new(RULE);
    for round in 0..5 {
        assert_eq!(breaker.state(0), BreakerState::Closed, "round {round}");
        call(&mut breaker, Verdict::Success, 0);
        call(&mut breaker, Verdict::Failure, 0);
    }
    assert_eq!(breaker.state(0), BreakerState::Open);

    let mut breaker = Breaker::new(RULE);
    for _ in 0..30 {
        call(&mut breaker, Verdict::Success, 0);
    }
    let mut failures = 0;
    while breaker.state(0) == BreakerState::Closed {
        call(&mut breaker, Verdict::Failure, 0);
        failures += 1;
        if failures % 4 == 0 && breaker.state(0) == BreakerState::Closed {
            call(&mut breaker, Verdict::Success, 0);
        }
    }
    assert_eq!(failures, 10);
}

#[test]
fn refused_inputs_count_for_the_share_alone_and_a_refused_key_opens_at_once() {
    let mut breaker = Breaker::new(RULE);
    for _ in 0..9 {
        call(&mut breaker, Verdict::Refusal, 0);
    }
    assert_eq!(breaker.state(0), BreakerState::Closed);
    call(&mut breaker, Verdict::Refusal, 0);
    assert_eq!(breaker.state(0), BreakerState::Open);

    let mut breaker = Breaker::new(RULE);
    call(&mut breaker, Verdict::Fatal, 7);
    assert_eq!(breaker.admit(7), Err(Duration::from_secs(30)));
}

#[test]
fn one_probe_closes_it_or_doubles_the_wait_up_to_the_longest() {
    let mut breaker = opened(0);
    let mut now_ms = 0;
    for wait_secs in [30, 60, 120, 240, 300, 300] {
        assert_eq!(breaker.admit(now_ms), Err(Duration::from_secs(wait_secs)));
        now_ms += wait_secs * 1_000;
        assert_eq!(breaker.state(now_ms), BreakerState::HalfOpen);
        assert!(breaker.wants_probe(now_ms));
        let probe = breaker.admit(now_ms).unwrap();
        assert!(breaker.admit(now_ms).is_err(), "one probe at a time");
        assert!(!breaker.wants_probe(now_ms));
        breaker.settle(probe, Verdict::Failure, None, now_ms, 0.0);
    }
    now_ms += 300_000;
    call(&mut breaker, Verdict::Success, now_ms);
    assert_eq!(breaker.state(now_ms), BreakerState::Closed);
    for _ in 0..5 {
        call(&mut breaker, Verdict::Failure, now_ms);
    }
    assert_eq!(breaker.admit(now_ms), Err(Duration::from_secs(30)), "the doubling starts anew");
}

#[test]
fn late_answers_are_ignored() {
    let mut breaker = Breaker::new(RULE);
    let late: Vec<_> = (0..3).map(|_call| breaker.admit(0).unwrap()).collect();
    for _ in 0..5 {
        call(&mut breaker, Verdict::Failure, 0);
    }
    for ticket in late {
        assert!(!breaker.settle(ticket, Verdict::Success, Some(Duration::from_secs(900)), 1, 0.0));
    }
    assert_eq!(breaker.admit(1), Err(Duration::from_millis(29_999)));
    let lost = breaker.admit(30_000).unwrap();
    let second = breaker.admit(90_000).unwrap();
    assert!(!breaker.settle(lost, Verdict::Failure, None, 90_001, 0.0));
    assert!(breaker.settle(second, Verdict::Success, None, 90_002, 0.0));
    assert_eq!(breaker.state(90_002), BreakerState::Closed);
}

#[test]
fn a_probe_that_tells_nothing_may_be_repeated() {
    let mut breaker = opened(0);
    let probe = breaker.admit(30_000).unwrap();
    breaker.settle(probe, Verdict::Unknown, None, 30_100, 0.0);
    assert!(breaker.admit(30_100).is_ok());
}

#[test]
fn retry_after_keeps_it_shut_in_every_state() {
    let mut breaker = Breaker::new(RULE);
    let ticket = breaker.admit(0).unwrap();
    breaker.settle(ticket, Verdict::Failure, Some(Duration::from_secs(7)), 1_000, 0.0);
    assert_eq!(breaker.state(1_000), BreakerState::Open);
    assert_eq!(breaker.admit(1_000), Err(Duration::from_secs(7)));
    assert!(breaker.admit(8_000).is_ok());
    assert_eq!(breaker.state(8_000), BreakerState::Closed);

    let mut breaker = opened(0);
    let probe = breaker.admit(30_000).unwrap();
    breaker.settle(probe, Verdict::Failure, Some(Duration::from_secs(90)), 30_000, 0.0);
    assert_eq!(breaker.admit(30_000), Err(Duration::from_secs(90)), "longer than the doubled wait");

    let mut breaker = Breaker::new(RULE);
    let ticket = breaker.admit(0).unwrap();
    breaker.settle(ticket, Verdict::Failure, Some(Duration::MAX), 0, 0.0);
    assert_eq!(breaker.admit(0), Err(SHUT_MAX));
}

#[test]
fn an_operator_may_try_at_any_time() {
    let mut breaker = opened(0);
    let ticket = breaker.force(5);
    assert!(breaker.settle(ticket, Verdict::Success, None, 6, 0.0));
    assert_eq!(breaker.state(6), BreakerState::Closed);
}

#[derive(Debug, Clone)]
enum Act {
    Admit,
    Settle { nth: usize, verdict: Verdict, retry_secs: Option<u64> },
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let verdict = prop::sample::select(vec![
        Verdict::Success,
        Verdict::Failure,
        Verdict::Failure,
        Verdict::Refusal,
        Verdict::Fatal,
        Verdict::Unknown,
    ]);
    prop_oneof![
        4 => Just(Act::Admit),
        4 => (any::<usize>(), verdict, prop::option::weighted(0.1, 0u64..100))
            .prop_map(|(nth, verdict, retry_secs)| Act::Settle { nth, verdict, retry_secs }),
        1 => (0u64..400_000).prop_map(Act::Wait),
    ]
}

proptest! {
    #[test]
    fn invariants_hold_under_any_order(acts in prop::collection::vec(act(), 1..200), jitter in 0.0f64..=1.0) {
        let (mut breaker, mut now_ms) = (Breaker::new(RULE), 0u64);
        let mut pending: Vec<Ticket> = Vec::new();
        let mut shut_until_ms = 0u64;
        for act in acts {
            match act {
                Act::Wait(wait_ms) => now_ms += wait_ms,
                Act::Admit => {
                    let before = breaker.state(now_ms);
                    let (epoch, was_closed) = (breaker.epoch, matches!(breaker.state, State::Closed));
                    match breaker.admit(now_ms) {
                        Ok(ticket) => {
                            prop_assert!(before != BreakerState::Open);
                            prop_assert!(now_ms >= shut_until_ms);
                            // Outside the closed state every admission is the only one of its epoch.
                            prop_assert!(was_closed || breaker.epoch != epoch);
                            pending.push(ticket);
                        }
                        Err(wait) => {
                            prop_assert!(before != BreakerState::Closed);
                            prop_assert!(wait > Duration::ZERO && wait <= SHUT_MAX);
                        }
                    }
                }
                Act::Settle { nth, verdict, retry_secs } if !pending.is_empty() => {
                    let ticket = pending.swap_remove(nth % pending.len());
                    let (is_present, before) = (ticket.epoch == breaker.epoch, breaker.clone());
                    let retry = retry_secs.map(Duration::from_secs);
                    prop_assert_eq!(breaker.settle(ticket, verdict, retry, now_ms, jitter), is_present);
                    if !is_present {
                        prop_assert_eq!(format!("{before:?}"), format!("{breaker:?}"));
                        continue;
                    }
                    if let Some(retry) = retry {
                        shut_until_ms = shut_until_ms.max(now_ms + millis(retry));
                    }
                    if verdict == Verdict::Fatal {
                        prop_assert!(breaker.admit(now_ms).is_err());
                    }
                    if let State::Open { until_ms } = breaker.state && verdict != Verdict::Unknown {
                        let wait_ms = until_ms - now_ms;
                        prop_assert!((30_000..=300_000).contains(&wait_ms), "open for {wait_ms} ms");
                    }
                    prop_assert!(breaker.streak < RULE.failures && breaker.calls.len() <= RULE.window);
                }
                Act::Settle { .. } => {}
            }
        }
    }

    #[test]
    fn a_dead_model_is_called_five_times_and_then_once_a_probe(steps in prop::collection::vec(1u64..5_000, 50..400)) {
        let (mut breaker, mut now_ms, mut calls, mut probes) = (Breaker::new(RULE), 0, 0, 0);
        for step_ms in steps {
            now_ms += step_ms;
            let was_closed = breaker.state(now_ms) == BreakerState::Closed;
            if let Ok(ticket) = breaker.admit(now_ms) {
                if was_closed { calls += 1 } else { probes += 1 }
                breaker.settle(ticket, Verdict::Failure, None, now_ms, 0.0);
            }
        }
        prop_assert!(calls <= 5);
        prop_assert!(probes <= now_ms / 30_000);
    }
}
