//! Pure: which nodes lead to which, by their places in the list of nodes.

/// The ways of a flow without what is said on them.
#[derive(Debug, Clone, Default)]
pub struct Links {
    next: Vec<Vec<usize>>,
    previous: Vec<Vec<usize>>,
}

/// A set of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places(Vec<u64>);

const WORD: usize = 64;

impl Places {
    /// No node of `length`.
    pub fn none(length: usize) -> Self {
        Self(vec![0; length.div_ceil(WORD)])
    }

    /// Adds a node; false when it was there.
    pub fn insert(&mut self, place: usize) -> bool {
        let Some(word) = self.0.get_mut(place / WORD) else { return false };
        let bit = 1_u64 << (place % WORD);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether a node is in it.
    pub fn has(&self, place: usize) -> bool {
        self.0.get(place / WORD).is_some_and(|word| word & (1 << (place % WORD)) != 0)
    }
}

impl Links {
    /// A graph of `length` nodes with these ways.
    pub fn new(length: usize, ways: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut links = Self { next: vec![Vec::new(); length], previous: vec![Vec::new(); length] };
        for (from, to) in ways {
            if let (Some(next), Some(previous)) = (links.next.get_mut(from), links.previous.get_mut(to)) {
                next.push(to);
                previous.push(from);
            }
        }
        links
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.next.len()
    }

    /// Where a node leads.
    pub fn next(&self, place: usize) -> &[usize] {
        self.next.get(place).map_or(&[], Vec::as_slice)
    }

    /// What leads to a node; one that leads to it twice stands twice.
    pub fn previous(&self, place: usize) -> &[usize] {
        self.previous.get(place).map_or(&[], Vec::as_slice)
    }

    /// Everything behind a node; itself only when it stands on a circle.
    pub fn after(&self, place: usize) -> Places {
        self.spread(self.next(place).to_vec(), None, Self::next)
    }

    /// These nodes and everything behind them.
    pub fn onward(&self, from: &[usize]) -> Places {
        self.spread(from.to_vec(), None, Self::next)
    }

    /// These nodes and everything before them, without going through `avoid`.
    pub fn backward(&self, from: &[usize], avoid: Option<usize>) -> Places {
        self.spread(from.to_vec(), avoid, Self::previous)
    }

    fn spread(
        &self,
        mut open: Vec<usize>,
        avoid: Option<usize>,
        ways: fn(&Self, usize) -> &[usize],
    ) -> Places {
        let mut found = Places::none(self.len());
        open.retain(|place| Some(*place) != avoid && found.insert(*place));
        while let Some(place) = open.pop() {
            for next in ways(self, place) {
                if Some(*next) != avoid && found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }

    /// Circles among the nodes that `is_counted`, each once, as places in walking order.
    pub fn circles(&self, is_counted: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
        let mut left: Vec<bool> = (0..self.len()).map(is_counted).collect();
        let mut circles = Vec::new();
        loop {
            self.strip(&mut left);
            let Some(start) = left.iter().position(|is_left| *is_left) else { return circles };
            let circle = self.walk(start, &left);
            for place in &circle {
                if let Some(is_left) = left.get_mut(*place) {
                    *is_left = false;
                }
            }
            circles.push(circle);
        }
    }

    /// Takes away what nothing leads to and what leads nowhere, again and again: what stays stands on circles or between them.
    fn strip(&self, left: &mut [bool]) {
        let is_left = |left: &[bool], place: usize| left.get(place).copied().unwrap_or_default();
        let is_loose = |left: &[bool], place: usize| {
            is_left(left, place)
                && (!self.next(place).iter().any(|next| is_left(left, *next))
                    || !self.previous(place).iter().any(|before| is_left(left, *before)))
        };
        let mut open: Vec<usize> = (0..self.len()).collect();
        while let Some(place) = open.pop() {
            if is_loose(left, place) {
                if let Some(is_left) = left.get_mut(place) {
                    *is_left = false;
                }
                open.extend(self.next(place));
                open.extend(self.previous(place));
            }
        }
    }

    /// From a stripped node on until a node comes twice.
    fn walk(&self, start: usize, left: &[bool]) -> Vec<usize> {
        let mut path = vec![start];
        let mut seen = Places::none(self.len());
        let mut place = start;
        seen.insert(start);
        loop {
            let next = self.next(place).iter().find(|next| left.get(**next).copied().unwrap_or_default());
            let Some(next) = next else { return path };
            if !seen.insert(*next) {
                let first = path.iter().position(|passed| passed == next).unwrap_or_default();
                return path.split_off(first);
            }
            path.push(*next);
            place = *next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_and_before() {
        let links = Links::new(5, [(0, 1), (1, 2), (2, 1), (2, 3)]);
        let list = |places: &Places| (0..5).filter(|place| places.has(*place)).collect::<Vec<_>>();
        assert_eq!(list(&links.after(0)), [1, 2, 3]);
        assert_eq!(list(&links.after(1)), [1, 2, 3]);
        assert_eq!(list(&links.after(3)), Vec::<usize>::new());
        assert_eq!(list(&links.onward(&[4])), [4]);
        assert_eq!(list(&links.backward(&[3], None)), [0, 1, 2, 3]);
        assert_eq!(list(&links.backward(&[3], Some(2))), [3]);
        assert_eq!((links.previous(1), links.previous(9)), (&[0_usize, 2][..], &[][..]));
    }

    #[test]
    fn circles_are_found_once_each() {
        type Ways<'a> = &'a [(usize, usize)];
        let table: [(Ways<'_>, Vec<Vec<usize>>); 5] = [
            (&[(0, 1), (1, 2)], vec![]),
            (&[(0, 0)], vec![vec![0]]),
            (&[(0, 1), (1, 2), (2, 1), (2, 3)], vec![vec![1, 2]]),
            (&[(0, 1), (1, 0), (1, 2), (2, 3), (3, 2)], vec![vec![0, 1], vec![2, 3]]),
            (&[(3, 0), (0, 1), (1, 2), (2, 0)], vec![vec![0, 1, 2]]),
        ];
        for (ways, circles) in table {
            assert_eq!(Links::new(4, ways.iter().copied()).circles(|_| true), circles, "{ways:?}");
        }
        assert!(Links::new(4, [(0, 1), (1, 0)]).circles(|place| place != 1).is_empty());
    }
}
