use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn queue(in_flight: usize, waiting: usize) -> DeliveryQueue<String> {
    DeliveryQueue::new(QueueLimits { in_flight, waiting, order_wait: at(10) })
}

fn push(queue: &mut DeliveryQueue<String>, ids: &[&str], chat: &str) {
    for id in ids {
        assert_eq!(queue.push((*id).to_owned(), chat, at(0)), None);
    }
}

#[test]
fn a_chat_goes_one_by_one_and_others_pass() {
    let mut queue = queue(8, 1_000);
    push(&mut queue, &["a1", "a2"], "a");
    push(&mut queue, &["b1"], "b");
    assert_eq!(queue.next(at(0)), ["a1", "b1"]);
    assert!(queue.next(at(1)).is_empty());
    assert!(queue.finish(&"a1".to_owned()));
    assert!(!queue.finish(&"a1".to_owned()));
    assert_eq!(queue.next(at(1)), ["a2"]);
    assert_eq!((queue.in_flight(), queue.waiting()), (2, 0));
}

#[test]
fn at_most_eight_are_in_flight() {
    let mut queue = DeliveryQueue::new(QueueLimits::default());
    for number in 0..20 {
        assert_eq!(queue.push(number, &number.to_string(), at(0)), None);
    }
    assert_eq!(queue.next(at(0)), (0..8).collect::<Vec<_>>());
    assert_eq!(queue.next_wake(), None);
    assert!(queue.finish(&3));
    assert_eq!(queue.next_wake(), Some(at(0)));
    assert_eq!(queue.next(at(0)), [8]);
}

#[test]
fn beyond_a_thousand_the_oldest_waiting_one_is_dropped_and_told() {
    let mut queue = DeliveryQueue::new(QueueLimits::default());
    for number in 0..1_008 {
        assert_eq!(queue.push(number, "chat", at(0)), None);
        if number == 0 {
            assert_eq!(queue.next(at(0)), [0]);
        }
        if queue.waiting() == 1_000 {
            break;
        }
    }
    assert_eq!(queue.push(5_000, "other", at(0)), Some(Dropped { id: 1, dropped: 1 }));
    assert_eq!(queue.push(5_000, "other", at(0)), None);
    assert_eq!(queue.push(5_001, "other", at(0)), Some(Dropped { id: 2, dropped: 2 }));
    assert_eq!((queue.in_flight(), queue.waiting(), queue.dropped()), (1, 1_000, 2));
    assert!(queue.finish(&0));
    assert_eq!(queue.next(at(1)), [3, 5_000]);
    // A retry comes back to a full line: it is the oldest itself.
    assert_eq!(queue.push(5_002, "other", at(1)), None);
    assert_eq!(queue.push(5_003, "other", at(1)), None);
    assert_eq!(queue.retry(&3, at(2)), Some(Dropped { id: 3, dropped: 3 }));
    assert_eq!(queue.next(at(1)), [4]);
}

#[test]
fn a_chat_waits_ten_seconds_for_a_retry_then_goes_on() {
    let mut queue = queue(8, 1_000);
    push(&mut queue, &["a1", "a2", "a3"], "a");
    assert_eq!(queue.next(at(0)), ["a1"]);
    assert_eq!(queue.retry(&"a1".to_owned(), at(4)), None);
    assert_eq!(queue.next_wake(), Some(at(4)));
    assert!(queue.next(at(3)).is_empty());
    assert_eq!(queue.next(at(4)), ["a1"]);
    assert_eq!(queue.retry(&"a1".to_owned(), at(12)), None);
    assert!(queue.next(at(9)).is_empty());
    assert_eq!(queue.next_wake(), Some(at(10)));
    assert_eq!(queue.next(at(10)), ["a2"]);
    assert_eq!(queue.next(at(12)), ["a1"]);
    assert!(queue.finish(&"a1".to_owned()));
    assert!(queue.next(at(12)).is_empty());
    assert!(queue.finish(&"a2".to_owned()));
    assert_eq!(queue.next(at(12)), ["a3"]);
}

#[test]
fn a_restored_retry_keeps_its_due_time_and_holds_its_chat_ten_seconds() {
    let mut queue = queue(8, 1_000);
    assert_eq!(queue.restore("a1".to_owned(), "a", at(103), at(100)), None);
    assert_eq!(queue.push("a2".to_owned(), "a", at(100)), None);
    assert_eq!(queue.restore("b1".to_owned(), "b", at(150), at(100)), None);
    assert_eq!(queue.push("b2".to_owned(), "b", at(100)), None);
    assert!(queue.next(at(102)).is_empty());
    assert_eq!(queue.next(at(103)), ["a1"]);
    assert_eq!(queue.next(at(110)), ["a2", "b2"]);
    assert_eq!(queue.next(at(150)), ["b1"]);
}

#[test]
fn a_pause_takes_out_what_waits_and_leaves_what_runs() {
    let mut queue = queue(2, 1_000);
    push(&mut queue, &["a1", "a2"], "a");
    push(&mut queue, &["b1", "b2"], "b");
    push(&mut queue, &["c1"], "c");
    assert_eq!(queue.next(at(0)), ["a1", "b1"]);
    assert_eq!(queue.retry(&"b1".to_owned(), at(5)), None);
    assert_eq!(queue.clear_waiting(), ["a2", "b1", "b2", "c1"]);
    assert_eq!((queue.in_flight(), queue.waiting()), (1, 0));
    assert!(queue.finish(&"a1".to_owned()));
    assert_eq!(queue.next_wake(), None);
}

#[derive(Debug, Clone)]
enum Step {
    Push { chat: u8 },
    Next,
    Finish { pick: usize },
    Retry { pick: usize, delay: u64 },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..4).prop_map(|chat| Step::Push { chat }),
        3 => Just(Step::Next),
        2 => any::<usize>().prop_map(|pick| Step::Finish { pick }),
        2 => (any::<usize>(), 1_u64..6).prop_map(|(pick, delay)| Step::Retry { pick, delay }),
        2 => (1_u64..7).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What the outside world knows of each delivery.
#[derive(Default)]
struct World {
    chats: HashMap<u32, u8>,
    first_starts: HashMap<u32, u64>,
    running: Vec<u32>,
    waiting: HashSet<u32>,
    over: HashSet<u32>,
    dropped: u64,
    last_started: HashMap<u8, u32>,
}

impl World {
    fn drop(&mut self, dropped: Option<Dropped<u32>>) {
        if let Some(dropped) = dropped {
            assert!(self.waiting.remove(&dropped.id), "dropped what did not wait");
            assert!(self.waiting.iter().all(|other| *other > dropped.id), "not the oldest");
            self.dropped += 1;
            assert_eq!(dropped.dropped, self.dropped);
            assert!(self.over.insert(dropped.id));
        }
    }

    fn start(&mut self, id: u32, now: u64) {
        assert!(self.waiting.remove(&id), "started what did not wait");
        let chat = self.chats[&id];
        if let std::collections::hash_map::Entry::Vacant(slot) = self.first_starts.entry(id) {
            slot.insert(now);
            let before = self.last_started.insert(chat, id);
            assert!(before.is_none_or(|before| before < id), "chat order");
            for (other, started_at) in &self.first_starts {
                let is_before = *other < id && self.chats[other] == chat && !self.over.contains(other);
                assert!(!is_before || now - started_at >= 10, "{other} was still awaited");
            }
        }
        self.running.push(id);
    }
}

proptest! {
    #[test]
    fn order_and_bounds_hold_and_nothing_is_lost(steps in prop::collection::vec(step(), 1..250)) {
        let mut queue: DeliveryQueue<u32> =
            DeliveryQueue::new(QueueLimits { in_flight: 3, waiting: 6, order_wait: at(10) });
        let (mut world, mut now, mut next_id) = (World::default(), 0_u64, 0_u32);
        let drain = std::iter::repeat_n([Step::Next, Step::Finish { pick: 0 }, Step::Wait { seconds: 1 }], 40);
        for step in steps.into_iter().chain(drain.flatten()) {
            match step {
                Step::Push { chat } => {
                    world.chats.insert(next_id, chat);
                    world.waiting.insert(next_id);
                    world.drop(queue.push(next_id, &chat.to_string(), at(now)));
                    next_id += 1;
                }
                Step::Next => {
                    for id in queue.next(at(now)) {
                        world.start(id, now);
                    }
                    prop_assert!(queue.next(at(now)).is_empty(), "next gives all at once");
                    if let Some(wake) = queue.next_wake() {
                        prop_assert!(wake > at(now), "nothing more can start now");
                    }
                }
                Step::Finish { pick } if !world.running.is_empty() => {
                    let id = world.running.swap_remove(pick % world.running.len());
                    prop_assert!(queue.finish(&id));
                    world.over.insert(id);
                }
                Step::Retry { pick, delay } if !world.running.is_empty() => {
                    let id = world.running.swap_remove(pick % world.running.len());
                    world.waiting.insert(id);
                    world.drop(queue.retry(&id, at(now + delay)));
                }
                Step::Finish { .. } | Step::Retry { .. } => {}
                Step::Wait { seconds } => now += seconds,
            }
            prop_assert!(queue.in_flight() <= 3 && queue.waiting() <= 6);
            prop_assert_eq!(queue.in_flight(), world.running.len());
            prop_assert_eq!(queue.waiting(), world.waiting.len());
            prop_assert_eq!(queue.dropped(), world.dropped);
        }
        prop_assert_eq!(world.over.len(), world.chats.len(), "everything finished or was told dropped");
        prop_assert!(queue.lines.is_empty() && queue.awaited.is_empty() && queue.candidates.is_empty());
        prop_assert!(queue.arrivals.is_empty() && queue.entries.is_empty());
    }
}
