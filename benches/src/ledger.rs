//! Every command by its number: when it was asked for, whether it was accepted, how often a phone got it.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::Notify;
use workbot_robot_sim::histogram::Histogram;

/// Marks the number of a command in its content, on both sides.
pub const MARK: u8 = b'~';
/// Digits of a number.
pub const DIGITS: usize = 10;

#[derive(Default)]
struct Entry {
    asked: Option<Instant>,
    is_accepted: bool,
    receipts: u32,
    unmarked_receipts: u32,
    waiter: Option<Rc<Notify>>,
}

/// What became of the commands of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answered 200.
    pub accepted: u64,
    /// Accepted and never seen by a phone.
    pub lost: u64,
    /// Pushed again without being marked as redelivered.
    pub doubled: u64,
    /// Pushed again and marked so.
    pub redelivered: u64,
    /// Not accepted: answered otherwise, or not at all.
    pub refused: u64,
}

/// The commands of one run; shared by senders and phones of one thread.
#[derive(Default)]
pub struct Ledger {
    entries: RefCell<Vec<Entry>>,
    push_times: RefCell<Histogram>,
    answer_times: RefCell<Histogram>,
    last_receipt: RefCell<Option<Instant>>,
    received: RefCell<u64>,
}

impl Ledger {
    /// Opens a new number at `asked`; `waiter` is told of its first receipt.
    pub fn open(&self, asked: Instant, waiter: Option<Rc<Notify>>) -> usize {
        let mut entries = self.entries.borrow_mut();
        entries.push(Entry { asked: Some(asked), waiter, ..Entry::default() });
        entries.len() - 1
    }

    /// The command was answered 200.
    pub fn accept(&self, number: usize) {
        if let Some(entry) = self.entries.borrow_mut().get_mut(number) {
            entry.is_accepted = true;
            if let Some(asked) = entry.asked {
                self.answer_times.borrow_mut().record(asked.elapsed());
            }
        }
    }

    /// A phone got the command.
    pub fn receive(&self, number: usize, is_redelivered: bool) {
        let now = Instant::now();
        let mut entries = self.entries.borrow_mut();
        let Some(entry) = entries.get_mut(number) else { return };
        entry.receipts += 1;
        entry.unmarked_receipts += u32::from(!is_redelivered);
        *self.last_receipt.borrow_mut() = Some(now);
        if entry.receipts == 1 {
            if let Some(asked) = entry.asked {
                self.push_times.borrow_mut().record(now.saturating_duration_since(asked));
            }
            *self.received.borrow_mut() += 1;
            if let Some(waiter) = entry.waiter.take() {
                waiter.notify_one();
            }
        }
    }

    /// When a phone got a command last.
    pub fn last_receipt(&self) -> Option<Instant> {
        *self.last_receipt.borrow()
    }

    /// Different commands received so far.
    pub fn received(&self) -> u64 {
        *self.received.borrow()
    }

    /// From asking to the phone, of first receipts.
    pub fn push_times(&self) -> Histogram {
        self.push_times.borrow().clone()
    }

    /// From asking to the answer, of accepted commands.
    pub fn answer_times(&self) -> Histogram {
        self.answer_times.borrow().clone()
    }

    /// Counts.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for entry in self.entries.borrow().iter() {
            tally.accepted += u64::from(entry.is_accepted);
            tally.refused += u64::from(!entry.is_accepted);
            tally.lost += u64::from(entry.is_accepted && entry.receipts == 0);
            let again = entry.receipts.saturating_sub(1);
            let doubled = entry.unmarked_receipts.saturating_sub(1);
            tally.doubled += u64::from(doubled);
            tally.redelivered += u64::from(again.saturating_sub(doubled));
        }
        tally
    }
}

/// The number in the payload of a command.
pub fn number_in(payload: &[u8]) -> Option<usize> {
    let start = payload.iter().position(|byte| *byte == MARK)? + 1;
    let digits = payload.get(start..start + DIGITS)?;
    digits.iter().try_fold(0_usize, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + usize::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted() {
        let ledger = Ledger::default();
        let numbers: Vec<usize> = (0..4).map(|_| ledger.open(Instant::now(), None)).collect();
        numbers.iter().take(3).for_each(|number| ledger.accept(*number));
        ledger.receive(0, false);
        ledger.receive(1, false);
        ledger.receive(1, true);
        ledger.receive(3, false);
        ledger.receive(3, false);
        let expected = Tally { accepted: 3, lost: 1, doubled: 1, redelivered: 1, refused: 1 };
        assert_eq!(ledger.tally(), expected);
        assert_eq!((ledger.received(), ledger.push_times().count()), (3, 3));
    }

    #[test]
    fn numbers_are_found() {
        assert_eq!(number_in(br#"{"content":"~0000000042~xx"}"#), Some(42));
        assert_eq!(number_in(b"~12"), None);
        assert_eq!(number_in(b"none"), None);
    }
}
