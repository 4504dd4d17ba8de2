//! Pure: how many rows one transaction may have, so that it ends in good time however slow database and machine are.
//!
//! A transaction costs something by itself (the flush to the disk) and something a row. Both are learnt from the latest ones, as
//! the line of least squares through their rows and times. Only what a row costs makes transactions smaller: smaller ones would
//! make a slow disk worse.

/// Shares of 1,000 of what was known that one more transaction leaves.
const KEPT: i128 = 900;
/// One transaction, in thousandths.
const ONE: i128 = 1_000;
/// Never fewer rows, however slow they are.
const ROWS_MIN: usize = 20;

/// What the latest transactions taught: sums over them, in thousandths, older ones less and less.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    count: i128,
    rows: i128,
    ms: i128,
    rows_rows: i128,
    rows_ms: i128,
}

impl Pace {
    /// A transaction of so many rows took so long, milliseconds.
    pub fn took(&mut self, rows: usize, ms: u64) {
        let (rows, ms) = (i128::try_from(rows).unwrap_or(i128::MAX >> 64), i128::from(ms));
        let add = |sum: &mut i128, value: i128| *sum = *sum * KEPT / ONE + value * ONE;
        add(&mut self.count, 1);
        add(&mut self.rows, rows);
        add(&mut self.ms, ms);
        add(&mut self.rows_rows, rows * rows);
        add(&mut self.rows_ms, rows * ms);
    }

    /// Rows that take about `aim_ms` without what a transaction costs by itself; at most `most`.
    pub fn rows(&self, aim_ms: u64, most: usize) -> usize {
        let spread = self.count * self.rows_rows - self.rows * self.rows;
        let slope = self.count * self.rows_ms - self.rows * self.ms;
        if spread <= 0 || slope <= 0 {
            return most;
        }
        let rows = i128::from(aim_ms) * spread / slope;
        usize::try_from(rows).unwrap_or(most).max(ROWS_MIN).min(most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AIM_MS: u64 = 500;
    const MOST: usize = 500;

    /// What a pace comes to on a machine where a transaction costs `fixed_ms` and a row `row_us`.
    fn settled(pace: &mut Pace, fixed_ms: u64, row_us: u64) -> usize {
        for small in [1, 3, 10, 1, 40, 2, 8, 1] {
            for rows in [small, pace.rows(AIM_MS, MOST)] {
                pace.took(rows, fixed_ms + row_us * u64::try_from(rows).unwrap() / 1_000);
            }
        }
        pace.rows(AIM_MS, MOST)
    }

    #[test]
    fn only_slow_rows_make_smaller_transactions() {
        for (fixed_ms, row_us, expected) in [
            (1, 30, 500..=500),
            (2_000, 30, 500..=500),
            (5, 6_000, 70..=90),
            (1_500, 10_000, 45..=55),
            (5, 90_000, 20..=20),
        ] {
            let rows = settled(&mut Pace::default(), fixed_ms, row_us);
            assert!(expected.contains(&rows), "{fixed_ms} ms and {row_us} µs a row: {rows}");
        }
    }

    #[test]
    fn a_machine_that_is_quick_again_gets_large_transactions_again() {
        let mut pace = Pace::default();
        assert!(settled(&mut pace, 5, 10_000) < 60);
        for _time in 0..8 {
            settled(&mut pace, 5, 20);
        }
        assert_eq!(pace.rows(AIM_MS, MOST), MOST);
    }

    #[test]
    fn nothing_known_is_no_bound() {
        let mut pace = Pace::default();
        assert_eq!(pace.rows(AIM_MS, MOST), MOST);
        pace.took(7, 3_000);
        assert_eq!(pace.rows(AIM_MS, MOST), MOST, "one of a kind says nothing about rows");
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(took in prop::collection::vec((0..100_000_usize, 0..10_000_000_u64), 0..200), most in 20..1_000_usize) {
            let mut pace = Pace::default();
            for (rows, ms) in took {
                pace.took(rows, ms);
                prop_assert!((ROWS_MIN..=most).contains(&pace.rows(AIM_MS, most)));
            }
        }
    }
}
