//! Who keeps the books about an app, and what is proven of what it said.
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::app::{About, Event, Executed};

/// What was written before, on a connection that still lives after this, has arrived.
const PROOF: Duration = Duration::from_secs(3);
/// Confirmations remembered as proven; the oldest goes first.
const CONFIRMS_MAX: usize = 10_000;

/// Called from the apps' tasks: must not block. The link id tells whose.
pub trait Witness: Send + Sync {
    /// A command came under a new id.
    fn on_received(&self, _link_id: &str, _command: &Executed) {}
    /// A command was carried out.
    fn on_executed(&self, _link_id: &str, _command: &Executed) {}
    /// A command came again although its confirmation had certainly arrived.
    fn on_doubled(&self, _link_id: &str, _message_id: &str) {}
    /// A result has certainly arrived.
    fn on_reported(&self, _link_id: &str, _message_id: &str) {}
    /// A text was on a screen that has certainly arrived, and was not there when its room was seen for the first time.
    fn on_shown(&self, _link_id: &str, _text: &str) {}
}

/// What one app said, until it is proven or lost with its connection.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    written: VecDeque<(Instant, About)>,
    confirmed: HashSet<String>,
    confirmed_order: VecDeque<String>,
    /// Texts told of each room that was seen before.
    rooms: HashMap<String, VecDeque<String>>,
}

impl Proofs {
    /// A frame was written.
    pub fn wrote(&mut self, about: About, now: Instant) {
        if about != About::Nothing {
            self.written.push_back((now, about));
        }
    }

    /// The connection is gone: nobody knows of the rest.
    pub fn lose(&mut self) {
        self.written.clear();
    }

    /// When something is proven next.
    pub fn next_at(&self) -> Option<Instant> {
        self.written.front().map(|(at, _about)| *at + PROOF)
    }

    /// The connection lives.
    pub fn live(&mut self, now: Instant, link_id: &str, witness: &dyn Witness) {
        while self.next_at().is_some_and(|at| at <= now) {
            let Some((_at, about)) = self.written.pop_front() else { return };
            match about {
                About::Nothing => {}
                About::Confirm(id) => self.confirm(id),
                About::Result(id) => witness.on_reported(link_id, &id),
                About::Screen { room, texts } => self.show(room, texts, link_id, witness),
            }
        }
    }

    /// What happened on the phone.
    pub fn happened(&self, event: &Event, link_id: &str, witness: &dyn Witness) {
        match event {
            Event::Received(command) => witness.on_received(link_id, command),
            Event::Executed(command) => witness.on_executed(link_id, command),
            Event::Repeated(id) if self.confirmed.contains(id) => witness.on_doubled(link_id, id),
            Event::Repeated(_) => {}
        }
    }

    fn confirm(&mut self, id: String) {
        if self.confirmed_order.len() >= CONFIRMS_MAX
            && let Some(oldest) = self.confirmed_order.pop_front()
        {
            self.confirmed.remove(&oldest);
        }
        if self.confirmed.insert(id.clone()) {
            self.confirmed_order.push_back(id);
        }
    }

    /// The first sight of a room is history; of each later screen the texts that were not told yet.
    fn show(&mut self, room: String, texts: Vec<String>, link_id: &str, witness: &dyn Witness) {
        let is_first = !self.rooms.contains_key(&room);
        let known = self.rooms.entry(room).or_default();
        for text in texts {
            if known.contains(&text) {
                continue;
            }
            if !is_first {
                witness.on_shown(link_id, &text);
            }
            known.push_back(text);
            if known.len() > 100 {
                known.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Witness for Notes {
        fn on_doubled(&self, link_id: &str, id: &str) {
            self.0.lock().push(format!("{link_id} doubled {id}"));
        }
        fn on_reported(&self, _link_id: &str, id: &str) {
            self.0.lock().push(format!("reported {id}"));
        }
        fn on_shown(&self, _link_id: &str, text: &str) {
            self.0.lock().push(format!("shown {text}"));
        }
    }

    #[test]
    fn only_what_had_time_to_arrive_is_proven() {
        let (notes, start) = (Notes::default(), Instant::now());
        let mut proofs = Proofs::default();
        let screen = |texts: &[&str]| About::Screen {
            room: "群".into(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        };
        let after = |secs: u64| start + Duration::from_secs(secs);
        proofs.wrote(About::Result("lost".into()), start);
        proofs.lose();
        proofs.wrote(screen(&["a"]), start);
        proofs.wrote(screen(&["a", "b"]), start);
        proofs.wrote(About::Confirm("c".into()), start);
        proofs.wrote(About::Result("r".into()), after(1));
        proofs.happened(&Event::Repeated("c".into()), "wt1", &notes);
        proofs.live(after(2), "wt1", &notes);
        assert!(notes.0.lock().is_empty());
        proofs.live(after(3), "wt1", &notes);
        assert_eq!(*notes.0.lock(), ["shown b"]);
        assert_eq!(proofs.next_at(), Some(after(4)));
        proofs.live(after(4), "wt1", &notes);
        proofs.happened(&Event::Repeated("c".into()), "wt1", &notes);
        assert_eq!(*notes.0.lock(), ["shown b", "reported r", "wt1 doubled c"]);
    }
}
