//! Pure: a bounded map that knows which of its places was used least recently.
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Places looked at to find one that may go.
const LOOKS: usize = 64;

#[derive(Debug)]
struct Place<V> {
    value: V,
    used: u64,
}

/// The map. Every operation is logarithmic at worst.
#[derive(Debug)]
pub struct Residents<K, V> {
    most: usize,
    places: HashMap<K, Place<V>>,
    /// Keys by last use, the oldest first.
    order: BTreeMap<u64, K>,
    uses: u64,
}

impl<K: Clone + Eq + Hash, V> Residents<K, V> {
    /// An empty map of at most `most` places.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), places: HashMap::new(), order: BTreeMap::new(), uses: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether one has to go before another comes.
    pub fn is_full(&self) -> bool {
        self.places.len() >= self.most
    }

    /// The value of a key, without using it.
    pub fn find(&self, key: &K) -> Option<&V> {
        self.places.get(key).map(|place| &place.value)
    }

    /// The value of a key, used now.
    pub fn use_now(&mut self, key: &K) -> Option<&V> {
        let place = self.places.get_mut(key)?;
        self.uses += 1;
        self.order.remove(&place.used);
        self.order.insert(self.uses, key.clone());
        place.used = self.uses;
        Some(&place.value)
    }

    /// Adds a key, used now; whatever had its place before is given back. The caller made room.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.remove(&key);
        self.uses += 1;
        self.order.insert(self.uses, key.clone());
        self.places.insert(key, Place { value, used: self.uses });
        before
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.places.remove(key)?;
        self.order.remove(&place.used);
        Some(place.value)
    }

    /// Takes out the one used least recently of those that may go; `None` when none of the oldest may.
    pub fn evict(&mut self, may_go: impl Fn(&V) -> bool) -> Option<(K, V)> {
        let mut oldest = self.order.values().take(LOOKS);
        let key = oldest.find(|key| self.places.get(*key).is_some_and(|place| may_go(&place.value)))?.clone();
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// Takes out everything.
    pub fn drain(&mut self) -> impl Iterator<Item = (K, V)> + use<K, V> {
        self.order.clear();
        std::mem::take(&mut self.places).into_iter().map(|(key, place)| (key, place.value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_one_used_least_recently_goes_first() {
        let mut residents = Residents::new(3);
        for key in ["a", "b", "c"] {
            assert!(!residents.is_full());
            residents.insert(key, key.len());
        }
        assert!(residents.is_full());
        assert_eq!(residents.use_now(&"a"), Some(&1));
        assert_eq!(residents.find(&"b"), Some(&1), "a look is no use");
        assert_eq!(residents.evict(|_value| true), Some(("b", 1)));
        assert_eq!(residents.evict(|_value| true), Some(("c", 1)));
        assert_eq!(residents.evict(|_value| false), None);
        assert_eq!(residents.insert("a", 7), Some(1));
        assert_eq!(residents.drain().collect::<Vec<_>>(), [("a", 7)]);
        assert!(residents.is_empty() && residents.evict(|_value| true).is_none());
    }

    #[test]
    fn busy_ones_are_passed_over_but_not_for_ever() {
        let mut residents = Residents::new(1_000);
        for number in 0..1_000 {
            residents.insert(number, number >= 10);
        }
        assert_eq!(residents.evict(|may_go| *may_go), Some((10, true)));
        let mut busy = Residents::new(1_000);
        for number in 0..1_000 {
            busy.insert(number, number >= LOOKS);
        }
        assert_eq!(busy.evict(|may_go| *may_go), None);
    }

    proptest! {
        #[test]
        fn keys_and_order_agree(steps in proptest::collection::vec((0_u8..20, 0_u8..4), 0..300)) {
            let mut residents = Residents::new(8);
            for (key, step) in steps {
                match step {
                    0 => {
                        if residents.is_full() && residents.find(&key).is_none() {
                            prop_assert!(residents.evict(|_value| true).is_some());
                        }
                        residents.insert(key, ());
                    }
                    1 => drop(residents.remove(&key)),
                    2 => drop(residents.use_now(&key)),
                    _ => drop(residents.evict(|_value| true)),
                }
                prop_assert!(residents.len() <= 8);
                prop_assert_eq!(residents.places.len(), residents.order.len());
                prop_assert!(residents.order.iter().all(|(used, key)| residents.places[key].used == *used));
            }
        }
    }
}
