//! One request at a time for a key: the second waits for the first.
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::watch;

/// Keys being worked on, each with a note of the first request. Bounded by the requests under way.
pub struct InFlight<K: Eq + Hash + Clone, N: Clone> {
    keys: Arc<DashMap<K, (N, watch::Receiver<()>)>>,
}

impl<K: Eq + Hash + Clone, N: Clone> Default for InFlight<K, N> {
    fn default() -> Self {
        Self { keys: Arc::new(DashMap::new()) }
    }
}

/// The turn of the first request; dropping it lets the next one go.
pub struct Turn<K: Eq + Hash + Clone, N: Clone> {
    keys: Arc<DashMap<K, (N, watch::Receiver<()>)>>,
    key: K,
    _open: watch::Sender<()>,
}

impl<K: Eq + Hash + Clone, N: Clone> Drop for Turn<K, N> {
    fn drop(&mut self) {
        self.keys.remove(&self.key);
    }
}

/// What a request finds.
pub enum Entered<K: Eq + Hash + Clone, N: Clone> {
    /// It is the first.
    First(Turn<K, N>),
    /// Another one with this note is being worked on; wait for it.
    Busy(N, Busy),
}

/// Ends when the first request has.
pub struct Busy(watch::Receiver<()>);

impl Busy {
    /// Waits for the end of the first request; false when the deadline came before.
    pub async fn wait(mut self, deadline: Duration) -> bool {
        // The sender never sends: the channel closes when the turn is dropped.
        tokio::time::timeout(deadline, self.0.changed()).await.is_ok()
    }
}

impl<K: Eq + Hash + Clone, N: Clone> InFlight<K, N> {
    /// Takes the turn for `key`, or tells who has it.
    pub fn enter(&self, key: K, note: N) -> Entered<K, N> {
        match self.keys.entry(key.clone()) {
            Entry::Occupied(present) => {
                let (note, closed) = present.get();
                Entered::Busy(note.clone(), Busy(closed.clone()))
            }
            Entry::Vacant(vacant) => {
                let (open, closed) = watch::channel(());
                vacant.insert((note, closed));
                Entered::First(Turn { keys: Arc::clone(&self.keys), key, _open: open })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn the_second_waits_for_the_first() {
        let keys: InFlight<&str, u8> = InFlight::default();
        let Entered::First(turn) = keys.enter("a", 1) else { panic!("the first must enter") };
        let Entered::Busy(note, busy) = keys.enter("a", 2) else { panic!("the second must wait") };
        assert_eq!(note, 1);
        let Entered::Busy(_note, impatient) = keys.enter("a", 3) else { panic!("the third must wait") };
        assert!(!impatient.wait(Duration::ZERO).await);
        let waiting = actix_web::rt::spawn(busy.wait(Duration::from_secs(10)));
        drop(turn);
        assert!(waiting.await.unwrap());
        assert!(matches!(keys.enter("a", 4), Entered::First(_)));
    }
}
