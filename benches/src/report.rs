//! What was measured: lines for people, one JSON document for programs.
use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use workbot_robot_sim::histogram::Histogram;

use crate::Outcome;
use crate::ledger::Tally;

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What was done.
    pub row: String,
    /// What was measured.
    pub figure: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
}

/// The figures of a run, in order.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Where and how.
    pub setting: Vec<(String, String)>,
    /// The figures.
    pub figures: Vec<Figure>,
}

impl Report {
    /// Notes where or how it was measured.
    pub fn note(&mut self, name: &str, text: impl Into<String>) {
        self.setting.push((name.to_owned(), text.into()));
    }

    /// Adds a figure.
    pub fn add(&mut self, row: &str, figure: &'static str, value: f64, unit: &'static str) {
        self.figures.push(Figure { row: row.to_owned(), figure, value, unit });
    }

    /// Adds what a ledger counted.
    pub fn add_tally(&mut self, row: &str, tally: Tally) {
        self.add(row, "accepted", number(tally.accepted), "");
        for (figure, count) in [("lost", tally.lost), ("doubled", tally.doubled)] {
            self.add(row, figure, number(count), "");
        }
        for (figure, count) in [("redelivered", tally.redelivered), ("not accepted", tally.refused)] {
            if count > 0 {
                self.add(row, figure, number(count), "");
            }
        }
    }

    /// Adds the percentiles that matter.
    pub fn add_times(&mut self, row: &str, figures: [&'static str; 3], times: &Histogram) {
        for (figure, permille) in figures.into_iter().zip([500, 950, 990]) {
            self.add(row, figure, millis(times.percentile(permille)), "ms");
        }
    }

    /// The value of a figure.
    pub fn value(&self, row: &str, figure: &str) -> Option<f64> {
        self.figures.iter().find(|known| known.row == row && known.figure == figure).map(|known| known.value)
    }

    /// Writes the table, or the document.
    pub fn print(&self, out: &mut impl Write, is_json: bool) -> Outcome<()> {
        if is_json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        for (name, text) in &self.setting {
            writeln!(out, "{name}: {text}")?;
        }
        let mut row = "";
        for figure in &self.figures {
            if figure.row != row {
                row = &figure.row;
                writeln!(out, "\n{row}")?;
            }
            let value = shown(figure.value);
            writeln!(out, "  {:<34}{value:>12} {}", figure.figure, figure.unit)?;
        }
        Ok(())
    }
}

fn shown(value: f64) -> String {
    if value.fract().abs() < 1e-9 {
        format!("{value:.0}")
    } else if value >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A count as a figure.
pub fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// A duration as milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_and_a_document() {
        let mut report = Report::default();
        report.note("machine", "2 cores");
        report.add("push", "CPU a command", 61.5, "µs");
        report.add("push", "lost", 0.0, "");
        let text = |is_json| {
            let mut out = Vec::new();
            report.print(&mut out, is_json).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(text(false).contains("61.50 µs") && text(false).contains("machine: 2 cores"));
        let document: serde_json::Value = serde_json::from_str(&text(true)).unwrap();
        assert_eq!(document["figures"][1]["figure"], "lost");
        assert_eq!(report.value("push", "lost"), Some(0.0));
    }
}
