//! Pure: the last events in the order of their numbers, bounded in number and bytes.
use std::collections::VecDeque;
use std::sync::Arc;

use super::event::MonitorEvent;

/// Events after a number.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The events, in order.
    pub events: Vec<Arc<MonitorEvent>>,
    /// Numbers whose events are no longer there, first and last.
    pub gap: Option<(i64, i64)>,
}

/// The last events.
#[derive(Debug)]
pub struct Ring {
    events: VecDeque<Arc<MonitorEvent>>,
    bytes: usize,
    events_max: usize,
    bytes_max: usize,
    /// The highest number that was dropped.
    dropped: i64,
}

impl Ring {
    /// An empty ring.
    pub fn new(events_max: usize, bytes_max: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, events_max, bytes_max, dropped: 0 }
    }

    /// Appends events whose numbers are higher than all before, and drops what is too old.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Arc<MonitorEvent>>) {
        for event in events {
            self.bytes = self.bytes.saturating_add(event.bytes());
            self.events.push_back(event);
        }
        while self.events.len() > self.events_max || (self.bytes > self.bytes_max && self.events.len() > 1) {
            let Some(event) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(event.bytes());
            self.dropped = self.dropped.max(event.seq);
        }
    }

    /// The events after `after`; `floor` = everything up to it happened before this process.
    pub fn read(&self, after: i64, floor: i64) -> Read {
        let lost = self.dropped.max(floor);
        let place = self.events.partition_point(|event| event.seq <= after);
        Read {
            events: self.events.range(place..).cloned().collect(),
            gap: (after < lost).then_some((after.saturating_add(1), lost)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use workbot_schema::alerts::{Alert, AlertLevel};
    use workbot_schema::fields::Ts;

    use super::super::event::{Kind, Source};
    use super::*;

    fn event(seq: i64) -> Arc<MonitorEvent> {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let source = Source::Alert(Arc::new(Alert::new(AlertLevel::Info, "code", now)));
        Arc::new(MonitorEvent { seq, kind: Kind::AlertTriggered, robot: None, at: now, source })
    }

    fn numbers(read: &Read) -> Vec<i64> {
        read.events.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn what_came_before_the_process_is_a_gap() {
        let mut ring = Ring::new(3, usize::MAX);
        assert_eq!(ring.read(7, 9).gap, Some((8, 9)));
        assert_eq!(ring.read(9, 9).gap, None);
        ring.extend([event(12), event(15)]);
        let read = ring.read(9, 9);
        assert_eq!((numbers(&read), read.gap), (vec![12, 15], None));
        ring.extend([event(16), event(17)]);
        let read = ring.read(9, 9);
        assert_eq!((numbers(&read), read.gap), (vec![15, 16, 17], Some((10, 12))));
        let read = ring.read(16, 9);
        assert_eq!((numbers(&read), read.gap), (vec![17], None));
    }

    #[test]
    fn bytes_are_bounded_and_the_last_event_stays() {
        let one = event(1).bytes();
        let mut ring = Ring::new(100, one * 2);
        ring.extend((1..=5).map(event));
        assert_eq!(numbers(&ring.read(0, 0)), [4, 5]);
        let mut tiny = Ring::new(100, 1);
        tiny.extend((1..=5).map(event));
        assert_eq!(numbers(&tiny.read(0, 0)), [5]);
    }

    proptest! {
        #[test]
        fn nothing_is_missed_without_a_gap(steps in prop::collection::vec(1_i64..5, 1..200), max in 1_usize..50, after in 0_i64..500) {
            let mut ring = Ring::new(max, usize::MAX);
            let mut all = Vec::new();
            let mut seq = 0;
            for step in steps {
                seq += step;
                all.push(seq);
                ring.extend([event(seq)]);
            }
            let read = ring.read(after, 0);
            let expected: Vec<i64> = all.iter().copied().filter(|seq| *seq > after).collect();
            let got = numbers(&read);
            prop_assert!(got.len() <= max);
            match read.gap {
                None => prop_assert_eq!(got, expected),
                Some((from, to)) => {
                    prop_assert_eq!(from, after + 1);
                    let later: Vec<i64> = expected.into_iter().filter(|seq| *seq > to).collect();
                    prop_assert_eq!(got, later);
                }
            }
        }
    }
}
