//! Pure: what waits for the journal, and what goes into the next batch.
use std::collections::VecDeque;

/// Bounds of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalLimits {
    /// Writes that may wait on the promise line; more are refused.
    pub promises_max: usize,
    /// Bytes that may wait on the promise line; more are refused.
    pub promise_bytes_max: usize,
    /// Writes that may wait on the log line; more are dropped.
    pub logs_max: usize,
    /// Rows of one transaction.
    pub batch_rows: usize,
    /// Bytes of one transaction; one larger write goes alone.
    pub batch_bytes: usize,
    /// A promise that waited longer is refused, milliseconds.
    pub wait_ms: u64,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self {
            promises_max: 10_000,
            promise_bytes_max: 64 << 20,
            logs_max: 5_000,
            batch_rows: 500,
            batch_bytes: 4 << 20,
            wait_ms: 2_000,
        }
    }
}

/// Something that waits, with its weight.
#[derive(Debug)]
pub struct Waiting<T> {
    /// What waits.
    pub item: T,
    /// Records in it.
    pub rows: usize,
    /// Bytes of its records, about.
    pub bytes: usize,
    /// Since when, monotonic milliseconds.
    pub since_ms: u64,
}

/// What a batch is made of.
#[derive(Debug)]
pub struct Gathered<T> {
    /// Goes into the transaction, promises first.
    pub batch: Vec<Waiting<T>>,
    /// Waited too long: must be refused.
    pub late: Vec<T>,
}

/// The two lines in front of the journal.
#[derive(Debug)]
pub struct JournalQueue<T> {
    limits: JournalLimits,
    promises: VecDeque<Waiting<T>>,
    promise_bytes: usize,
    logs: VecDeque<Waiting<T>>,
}

impl<T> JournalQueue<T> {
    /// Two empty lines.
    pub fn new(limits: JournalLimits) -> Self {
        Self { limits, promises: VecDeque::new(), promise_bytes: 0, logs: VecDeque::new() }
    }

    /// Takes a promise in, or gives it back when the line is full.
    pub fn push_promise(&mut self, waiting: Waiting<T>) -> Result<(), T> {
        let bytes = self.promise_bytes.saturating_add(waiting.bytes);
        if self.promises.len() >= self.limits.promises_max || bytes > self.limits.promise_bytes_max {
            return Err(waiting.item);
        }
        self.promise_bytes = bytes;
        self.promises.push_back(waiting);
        Ok(())
    }

    /// Takes a log in, or gives it back when the line is full.
    pub fn push_log(&mut self, waiting: Waiting<T>) -> Result<(), T> {
        if self.logs.len() >= self.limits.logs_max {
            return Err(waiting.item);
        }
        self.logs.push_back(waiting);
        Ok(())
    }

    /// The next batch: promises in order, then logs while there is room; at most `rows_max` rows, unless one write has more.
    pub fn gather(&mut self, now_ms: u64, rows_max: usize) -> Gathered<T> {
        let mut gathered = Gathered { batch: Vec::new(), late: Vec::new() };
        let (mut rows, mut bytes) = (0_usize, 0_usize);
        let limits = self.limits;
        let fits = |rows: usize, bytes: usize, next: &Waiting<T>| {
            rows == 0 || (rows + next.rows <= rows_max && bytes + next.bytes <= limits.batch_bytes)
        };
        while let Some(next) = self.promises.front() {
            let is_late = now_ms.saturating_sub(next.since_ms) > limits.wait_ms;
            if !is_late && !fits(rows, bytes, next) {
                break;
            }
            let Some(next) = self.promises.pop_front() else { break };
            self.promise_bytes = self.promise_bytes.saturating_sub(next.bytes);
            if is_late {
                gathered.late.push(next.item);
            } else {
                rows += next.rows;
                bytes += next.bytes;
                gathered.batch.push(next);
            }
        }
        while self.logs.front().is_some_and(|next| fits(rows, bytes, next)) {
            let Some(next) = self.logs.pop_front() else { break };
            rows += next.rows;
            bytes += next.bytes;
            gathered.batch.push(next);
        }
        gathered
    }

    /// The bounds.
    pub fn limits(&self) -> JournalLimits {
        self.limits
    }

    /// Every promise that waits, taken out: the database is away.
    pub fn take_promises(&mut self) -> Vec<T> {
        self.promise_bytes = 0;
        self.promises.drain(..).map(|waiting| waiting.item).collect()
    }

    /// Writes that wait: promises and logs.
    pub fn len(&self) -> (usize, usize) {
        (self.promises.len(), self.logs.len())
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.promises.is_empty() && self.logs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits() -> JournalLimits {
        JournalLimits {
            promises_max: 5,
            promise_bytes_max: 100,
            logs_max: 3,
            batch_rows: 4,
            batch_bytes: 50,
            wait_ms: 10,
        }
    }

    fn waiting(item: u32, rows: usize, bytes: usize, since_ms: u64) -> Waiting<u32> {
        Waiting { item, rows, bytes, since_ms }
    }

    #[test]
    fn promises_go_first_and_logs_fill_the_rest() {
        let mut queue = JournalQueue::new(limits());
        queue.push_log(waiting(10, 1, 1, 0)).unwrap();
        queue.push_log(waiting(11, 1, 1, 0)).unwrap();
        for item in 1..=3 {
            queue.push_promise(waiting(item, 1, 1, 0)).unwrap();
        }
        let items: Vec<u32> = queue.gather(0, 4).batch.into_iter().map(|waiting| waiting.item).collect();
        assert_eq!(items, [1, 2, 3, 10]);
        assert_eq!(queue.len(), (0, 1));
    }

    #[test]
    fn bounds_hold() {
        let mut queue = JournalQueue::new(limits());
        queue.push_promise(waiting(1, 1, 90, 0)).unwrap();
        assert_eq!(queue.push_promise(waiting(2, 1, 20, 0)), Err(2));
        for item in 3..=6 {
            queue.push_promise(waiting(item, 1, 1, 0)).unwrap();
        }
        assert_eq!(queue.push_promise(waiting(7, 1, 1, 0)), Err(7));
        assert_eq!(queue.gather(0, 4).batch.len(), 1, "a write over the batch bound goes alone");
        for item in 0..3 {
            queue.push_log(waiting(item, 1, 1, 0)).unwrap();
        }
        assert_eq!(queue.push_log(waiting(9, 1, 1, 0)), Err(9));
    }

    #[test]
    fn who_waited_too_long_is_refused_not_written() {
        let mut queue = JournalQueue::new(limits());
        queue.push_promise(waiting(1, 1, 1, 0)).unwrap();
        queue.push_promise(waiting(2, 1, 1, 15)).unwrap();
        let gathered = queue.gather(20, 4);
        assert_eq!(gathered.late, [1]);
        assert_eq!(gathered.batch.len(), 1);
    }

    proptest! {
        #[test]
        fn every_promise_leaves_once_and_in_order(rows in prop::collection::vec((1..6_usize, 1..60_usize), 0..40)) {
            let mut queue = JournalQueue::new(JournalLimits { promises_max: 1_000, promise_bytes_max: 1 << 20, ..limits() });
            for (item, (rows, bytes)) in (0_u32..).zip(&rows) {
                queue.push_promise(waiting(item, *rows, *bytes, 0)).unwrap();
            }
            let mut seen = Vec::new();
            while !queue.is_empty() {
                let batch = queue.gather(0, 4).batch;
                prop_assert!(!batch.is_empty());
                let total: usize = batch.iter().map(|waiting| waiting.rows).sum();
                prop_assert!(batch.len() == 1 || total <= 4);
                seen.extend(batch.into_iter().map(|waiting| waiting.item));
            }
            prop_assert_eq!(seen, (0..u32::try_from(rows.len()).unwrap()).collect::<Vec<_>>());
        }
    }
}
