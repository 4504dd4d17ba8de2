//! Pure: the last bubbles of a room, in runs that are whole.
use std::fmt::Write;

/// Fingerprints kept of a room.
pub const ROWS: usize = 50;
/// Runs kept of a room; every run has a row, so this is no further bound.
const RUNS: usize = ROWS;
/// Hexadecimal digits of a fingerprint.
const DIGITS: usize = 16;

/// Bubbles that follow each other without a gap, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Nothing before it is news: history, or forgotten.
    pub is_floor: bool,
    /// Fingerprints.
    pub rows: Vec<u64>,
}

/// What is remembered of a room that was seen: runs, the one seen last last, at most [`ROWS`] fingerprints in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMemory {
    pub(super) runs: Vec<Run>,
}

impl ChatMemory {
    /// The memory after the first sight.
    pub(super) fn begin(rows: Vec<u64>) -> Self {
        let mut memory = Self { runs: vec![Run { is_floor: true, rows }] };
        memory.trim();
        memory
    }

    /// How many fingerprints.
    pub fn count(&self) -> usize {
        self.runs.iter().map(|run| run.rows.len()).sum()
    }

    /// How often a fingerprint is in it.
    pub(super) fn occurrences(&self, print: u64) -> usize {
        self.runs.iter().flat_map(|run| &run.rows).filter(|row| **row == print).count()
    }

    /// Forgets what was on the screen longest ago. What stood before the rest of a run is never news again.
    pub(super) fn trim(&mut self) {
        let mut surplus = self.count().saturating_sub(ROWS);
        while surplus > 0 {
            let has_others = self.runs.len() > 1;
            let Some(oldest) = self.runs.first_mut() else { return };
            if oldest.rows.len() <= surplus && has_others {
                surplus -= self.runs.remove(0).rows.len();
            } else {
                oldest.rows.drain(..surplus.min(oldest.rows.len()));
                oldest.is_floor = true;
                surplus = 0;
            }
        }
    }

    /// One small text for the store: `^` or `~` before each run, 16 hexadecimal digits a bubble.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.count() * DIGITS + self.runs.len());
        for run in &self.runs {
            text.push(if run.is_floor { '^' } else { '~' });
            for row in &run.rows {
                // Writing into a text cannot fail.
                write!(text, "{row:016x}").unwrap_or_default();
            }
        }
        text
    }

    /// Reads what [`Self::to_text`] wrote; none when it is something else.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut runs: Vec<Run> = Vec::new();
        let mut digits = String::with_capacity(DIGITS);
        for letter in text.chars() {
            match letter {
                '^' | '~' if digits.is_empty() && runs.len() < RUNS => {
                    runs.push(Run { is_floor: letter == '^', rows: Vec::new() });
                }
                '0'..='9' | 'a'..='f' => {
                    digits.push(letter);
                    if digits.len() == DIGITS {
                        runs.last_mut()?.rows.push(u64::from_str_radix(&digits, 16).ok()?);
                        digits.clear();
                    }
                }
                _ => return None,
            }
        }
        let mut memory = Self { runs };
        memory.trim();
        (digits.is_empty() && !memory.runs.is_empty()).then_some(memory)
    }
}
