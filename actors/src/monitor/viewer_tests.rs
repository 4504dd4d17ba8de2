use chrono::DateTime;
use proptest::prelude::*;
use workbot_schema::alerts::{Alert, AlertLevel};
use workbot_schema::fields::Ts;

use super::event::{Channel, Kind, MonitorEvent, Source};
use super::ring::Ring;
use super::viewer::*;
use std::sync::Arc;

fn event(seq: i64) -> Arc<MonitorEvent> {
    let now = Ts::new(DateTime::UNIX_EPOCH);
    let source = Source::Alert(Arc::new(Alert::new(AlertLevel::Info, "code", now)));
    Arc::new(MonitorEvent { seq, kind: Kind::AlertTriggered, robot: None, at: now, source })
}

fn ring(count: i64) -> Ring {
    let mut ring = Ring::new(usize::MAX, usize::MAX);
    ring.extend((1..=count).map(event));
    ring
}

fn everything(_event: &MonitorEvent) -> bool {
    true
}

fn rows(told: &[Told]) -> Vec<i64> {
    told.iter()
        .flat_map(|told| match told {
            Told::Event(_channel, event) => vec![event.seq],
            Told::Batch { events, .. } => events.iter().map(|event| event.seq).collect(),
            Told::Gap { .. } => Vec::new(),
        })
        .collect()
}

fn step(viewer: &mut Viewer, ring: &Ring) -> (Vec<Told>, bool) {
    viewer.advance(&ring.read(viewer.reads_after(), 0), &everything)
}

#[test]
fn single_events_come_all_and_in_order() {
    let ring = ring(450);
    let mut viewer = Viewer::new(&[Channel::Alerts], 10, false);
    let mut got = Vec::new();
    loop {
        let (told, has_more) = step(&mut viewer, &ring);
        got.extend(rows(&told));
        if !has_more {
            break;
        }
    }
    assert_eq!(got, (11..=450).collect::<Vec<_>>());
    assert!(rows(&step(&mut viewer, &ring).0).is_empty());
}

#[test]
fn batches_are_cut_and_say_so() {
    let ring = ring(450);
    let mut viewer = Viewer::new(&[Channel::Alerts, Channel::Panel1], 0, true);
    let (told, _more) = step(&mut viewer, &ring);
    let [Told::Batch { channel: Channel::Alerts, range: (1, 450), skipped: 250, events }] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((events.len(), events[0].seq), (BATCH_ROWS, 251));
    assert_eq!(viewer.skipped(), 250);
    let (_channel, data) = viewer.stats().swap_remove(0);
    assert_eq!(data["rate"], 450, "counted exactly, whatever is shown");
}

#[test]
fn credit_is_given_back_by_acknowledging() {
    let mut ring = Ring::new(usize::MAX, usize::MAX);
    let mut viewer = Viewer::new(&[Channel::Alerts], 0, true);
    for seq in 1..=6 {
        ring.extend([event(seq)]);
        let told = rows(&step(&mut viewer, &ring).0);
        assert_eq!(told.is_empty(), seq > 4, "{seq}");
    }
    let (_channel, data) = viewer.stats().swap_remove(0);
    assert_eq!(data["rate"], 6);
    viewer.acknowledge(2);
    assert_eq!(rows(&step(&mut viewer, &ring).0), [5, 6]);
}

#[test]
fn idle_viewers_go_on_where_they_stood() {
    let mut ring = ring(2);
    let mut viewer = Viewer::new(&[Channel::Alerts], 2, true);
    viewer.set_idle(true);
    ring.extend([event(3)]);
    assert!(step(&mut viewer, &ring).0.is_empty());
    viewer.set_idle(false);
    assert_eq!(rows(&step(&mut viewer, &ring).0), [3]);
}

#[test]
fn what_is_missing_is_told_first() {
    let mut ring = Ring::new(2, usize::MAX);
    ring.extend((1..=5).map(event));
    let mut viewer = Viewer::new(&[Channel::Alerts], 1, false);
    let (told, _more) = step(&mut viewer, &ring);
    assert!(matches!(told[0], Told::Gap { channel: Channel::Alerts, range: (2, 3) }), "{told:?}");
    assert_eq!(rows(&told), [4, 5]);
}

#[test]
fn others_do_not_see_it() {
    let ring = ring(3);
    let mut viewer = Viewer::new(&[Channel::Alerts], 0, true);
    let read = ring.read(viewer.reads_after(), 0);
    let (told, _more) = viewer.advance(&read, &|event| event.seq == 2);
    assert_eq!(rows(&told), [2]);
    let (_channel, data) = viewer.stats().swap_remove(0);
    assert_eq!(data["rate"], 1);
}

proptest! {
    /// Rows told and rows skipped are together every row, whatever the viewer does in between.
    #[test]
    fn nothing_is_lost_from_the_counters(steps in prop::collection::vec((0_i64..300, 0_u8..4), 1..60)) {
        let mut ring = Ring::new(usize::MAX, usize::MAX);
        let mut viewer = Viewer::new(&[Channel::Alerts], 0, true);
        let (mut seq, mut shown, mut rate, mut last_shown) = (0, 0_u64, 0_u64, 0);
        for (count, act) in steps.into_iter().chain([(0, 0), (0, 2)]) {
            ring.extend((seq + 1..=seq + count).map(event));
            seq += count;
            match act {
                0 => viewer.acknowledge(seq),
                1 => viewer.set_idle(true),
                2 => { viewer.set_idle(false); viewer.acknowledge(seq); }
                _ => {}
            }
            let got = rows(&step(&mut viewer, &ring).0);
            prop_assert!(got.iter().all(|row| *row > last_shown));
            last_shown = got.last().copied().unwrap_or(last_shown);
            shown += u64::try_from(got.len()).unwrap();
            for (_channel, data) in viewer.stats() {
                rate += data["rate"].as_u64().unwrap();
            }
        }
        let all = u64::try_from(seq).unwrap();
        prop_assert_eq!(rate, all);
        prop_assert_eq!(shown + viewer.skipped(), all);
    }
}
