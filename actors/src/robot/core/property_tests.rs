use proptest::prelude::*;
use workbot_schema::commands::operations::{ClaimLimit, fitting};
use workbot_schema::commands::{CommandState, ExecutionResult, RobotCommand};
use workbot_schema::ids::CommandId;

use super::tests::{Bench, row};
use super::{Effect, Input, Taken};
use crate::robot::dialect::{BadFrame, Inbound, native};
use crate::robot::pacing::WINDOW_BYTES;

/// The store's side of the property: rows by id, in order.
#[derive(Default)]
struct Store {
    rows: Vec<RobotCommand>,
}

impl Store {
    fn take(&mut self, limit: ClaimLimit) -> Vec<RobotCommand> {
        let waiting = self.rows.iter().filter(|row| row.state == CommandState::Queued).cloned();
        let count = usize::try_from(limit.commands).unwrap();
        let chosen = fitting(waiting.take(count).collect(), limit);
        let mut taken = Vec::new();
        for row in &mut self.rows {
            if chosen.iter().any(|chosen| chosen.id == row.id) {
                row.state = CommandState::Sent;
                taken.push(row.clone());
            }
        }
        taken
    }

    fn sent(&self) -> Vec<RobotCommand> {
        self.rows.iter().filter(|row| row.state == CommandState::Sent).cloned().collect()
    }

    fn get(&mut self, id: &CommandId) -> Option<&mut RobotCommand> {
        self.rows.iter_mut().find(|row| row.id == *id)
    }
}

#[derive(Debug, Clone)]
enum Move {
    Submit(i32),
    Ack(usize),
    Fail(usize),
    Answer { is_lost: bool },
    Tick(u64),
    Garbage(String),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (1..2_000_000_i32).prop_map(Move::Submit),
        4 => (1..200_i32).prop_map(Move::Submit),
        4 => (0..8_usize).prop_map(Move::Ack),
        1 => (0..8_usize).prop_map(Move::Fail),
        8 => prop::bool::weighted(0.2).prop_map(|is_lost| Move::Answer { is_lost }),
        2 => (0..3_000_u64).prop_map(Move::Tick),
        1 => ".{0,30}".prop_map(Move::Garbage),
    ];
    proptest::collection::vec(one, 1..120)
}

proptest! {
    /// The window is never overrun, each attempt is pushed once, and pushes of one attempt keep the order of the rows.
    #[test]
    fn window_and_single_push(moves in moves()) {
        let (mut bench, mut store) = (Bench::new(), Store::default());
        bench.tokens = 1_000;
        let (mut waiting, mut pushed): (Vec<Effect>, Vec<(CommandId, i32)>) = (bench.attach(), Vec::new());
        for (number, step) in moves.into_iter().enumerate() {
            bench.now_ms += 10;
            let effects = match step {
                Move::Submit(size_bytes) => {
                    store.rows.push(row(&format!("{number:03}"), 1, size_bytes, CommandState::Queued));
                    bench.step(Input::Wake)
                }
                Move::Ack(place) => match pushed.iter().rev().nth(place).cloned() {
                    Some((id, attempt)) => bench.frame(Inbound::Ack { id, attempt: Some(attempt) }),
                    None => vec![],
                },
                Move::Fail(place) => match pushed.iter().rev().nth(place).cloned() {
                    Some((id, attempt)) => {
                        let result = ExecutionResult { error_code: 201_101, attempt: Some(attempt), ..ExecutionResult::default() };
                        bench.frame(Inbound::Result { id, result: Box::new(result) })
                    }
                    None => vec![],
                },
                Move::Tick(wait_ms) => {
                    bench.now_ms += wait_ms;
                    bench.step(Input::Tick)
                }
                Move::Garbage(text) => {
                    let frame = native::decode(&text);
                    let frame = frame.map_err(|bad| BadFrame { is_garbage: false, ..bad });
                    bench.step(Input::Frame(frame, None))
                }
                Move::Answer { is_lost } => {
                    if waiting.is_empty() { continue; }
                    match waiting.remove(0) {
                        // A lost claim may well have been made.
                        Effect::Claim(limit) => {
                            let rows = store.take(limit);
                            bench.step(Input::Claimed(if is_lost { Taken::Failed } else { Taken::Rows(rows) }))
                        }
                        Effect::TakeUnconfirmed(limit) => {
                            let mut rows = store.sent();
                            let is_complete = rows.len() < usize::try_from(limit).unwrap();
                            rows.truncate(usize::try_from(limit).unwrap());
                            bench.step(Input::Unconfirmed(if is_lost { Taken::Failed } else { Taken::Rows(rows) }, is_complete))
                        }
                        Effect::Confirm { id, attempt } => {
                            let row = store.get(&id).unwrap();
                            if row.state == CommandState::Sent && attempt == Some(row.attempt) {
                                row.state = CommandState::Confirmed;
                            }
                            let row = row.clone();
                            bench.moved(row)
                        }
                        Effect::Report { id, result } => {
                            let row = store.get(&id).unwrap();
                            if row.state == CommandState::Sent && result.attempt == Some(row.attempt) {
                                row.state = CommandState::Queued;
                                row.attempt += 1;
                            }
                            let row = row.clone();
                            bench.moved(row)
                        }
                        _ => vec![],
                    }
                }
            };
            for effect in effects {
                match effect {
                    Effect::Push { command, .. } => {
                        let key = (command.id.clone(), command.attempt);
                        prop_assert!(!pushed.contains(&key), "{key:?} twice");
                        pushed.push(key);
                    }
                    Effect::Claim(_) | Effect::TakeUnconfirmed(_) => {
                        prop_assert!(!waiting.iter().any(|one| matches!(one, Effect::Claim(_) | Effect::TakeUnconfirmed(_))));
                        waiting.push(effect);
                    }
                    Effect::Confirm { .. } | Effect::Report { .. } => waiting.push(effect),
                    _ => {}
                }
            }
            let window = bench.core.window();
            prop_assert!(window.count() <= 8);
            prop_assert!(window.count() <= 1 || window.bytes() <= WINDOW_BYTES, "{} bytes", window.bytes());
        }
    }

    #[test]
    fn frames_never_panic(texts in proptest::collection::vec(".{0,60}", 0..40)) {
        let mut bench = Bench::idle();
        for text in texts {
            bench.step(Input::Frame(native::decode(&text), None));
        }
    }
}
