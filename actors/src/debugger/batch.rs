//! Pure: what a batch of messages with expected intents says.
use std::collections::{BTreeMap, BTreeSet};

use workbot_schema::wire::debugger::{BatchReport, BatchResult, ConfusionCell, IntentScore};

use super::share::{share, small};

/// One message and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchItem {
    /// What was asked.
    pub message: String,
    /// The intent it should be.
    pub expected: String,
    /// The intent and how sure it is, or why there is none.
    pub outcome: Result<(String, f64), String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// The report over all messages. Blanks around a name and its case do not matter.
pub fn report(items: Vec<BatchItem>) -> BatchReport {
    let results: Vec<BatchResult> = items.into_iter().map(result).collect();
    let correct = results.iter().filter(|result| result.is_correct).count();
    BatchReport {
        total: small(results.len()),
        correct: small(correct),
        failed: small(results.iter().filter(|result| result.got.is_none()).count()),
        accuracy: share(correct, results.len()),
        confusion: confusion(&results),
        intents: scores(&results),
        results,
    }
}

fn result(item: BatchItem) -> BatchResult {
    let name = |text: &str| text.trim().to_lowercase();
    let expected = name(&item.expected);
    let (got, confidence, error) = match item.outcome {
        Ok((got, confidence)) => (Some(name(&got)), confidence, None),
        Err(error) => (None, 0.0, Some(error)),
    };
    BatchResult {
        message: item.message,
        is_correct: got.as_deref() == Some(expected.as_str()),
        expected,
        got,
        confidence,
        duration_ms: item.duration_ms,
        error,
    }
}

fn confusion(results: &[BatchResult]) -> Vec<ConfusionCell> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for result in results {
        if let Some(got) = result.got.as_deref() {
            *counts.entry((result.expected.as_str(), got)).or_default() += 1;
        }
    }
    let mut cells: Vec<ConfusionCell> = counts
        .into_iter()
        .map(|((expected, got), count)| ConfusionCell {
            expected: expected.to_owned(),
            got: got.to_owned(),
            count: small(count),
        })
        .collect();
    cells.sort_by_key(|cell| (cell.expected == cell.got, std::cmp::Reverse(cell.count)));
    cells
}

fn scores(results: &[BatchResult]) -> Vec<IntentScore> {
    let names: BTreeSet<&str> = results
        .iter()
        .flat_map(|result| [Some(result.expected.as_str()), result.got.as_deref()])
        .flatten()
        .collect();
    let mut tallies: BTreeMap<&str, [usize; 3]> = names.into_iter().map(|name| (name, [0; 3])).collect();
    let mut count = |name: &str, place: usize| {
        if let Some(tally) = tallies.get_mut(name).and_then(|tally| tally.get_mut(place)) {
            *tally += 1;
        }
    };
    for result in results {
        count(&result.expected, 0);
        if let Some(got) = result.got.as_deref() {
            count(got, 1);
        }
        if result.is_correct {
            count(&result.expected, 2);
        }
    }
    tallies
        .into_iter()
        .map(|(intent, [expected, got, correct])| IntentScore {
            intent: intent.to_owned(),
            expected: small(expected),
            got: small(got),
            correct: small(correct),
            precision: share(correct, got),
            recall: share(correct, expected),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(expected: &str, got: Result<&str, &str>) -> BatchItem {
        BatchItem {
            message: "如何退款？".into(),
            expected: expected.into(),
            outcome: got.map(|got| (got.to_owned(), 0.9)).map_err(str::to_owned),
            duration_ms: 12,
        }
    }

    #[test]
    fn a_report() {
        let report = report(vec![
            item("service", Ok("service")),
            item(" Service ", Ok("SERVICE")),
            item("service", Ok("refund")),
            item("risk", Ok("complaint")),
            item("risk", Ok("complaint")),
            item("chat", Err("timeout")),
        ]);
        assert_eq!((report.total, report.correct, report.failed), (6, 2, 1));
        assert!((report.accuracy - 2.0 / 6.0).abs() < 1e-9);
        let cells: Vec<(&str, &str, u32)> = report
            .confusion
            .iter()
            .map(|cell| (cell.expected.as_str(), cell.got.as_str(), cell.count))
            .collect();
        let expected = [("risk", "complaint", 2), ("service", "refund", 1), ("service", "service", 2)];
        assert_eq!(cells, expected);
        let scores: Vec<(&str, u32, u32, u32)> = report
            .intents
            .iter()
            .map(|score| (score.intent.as_str(), score.expected, score.got, score.correct))
            .collect();
        let expected = [
            ("chat", 1, 0, 0),
            ("complaint", 0, 2, 0),
            ("refund", 0, 1, 0),
            ("risk", 2, 0, 0),
            ("service", 3, 2, 2),
        ];
        assert_eq!(scores, expected);
        let service = &report.intents[4];
        assert!((service.precision - 1.0).abs() < 1e-9 && (service.recall - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(report.results[5].error.as_deref(), Some("timeout"));
    }

    #[test]
    fn an_empty_batch() {
        let report = report(Vec::new());
        assert_eq!((report.total, report.confusion.len(), report.intents.len()), (0, 0, 0));
        assert!(report.accuracy.abs() < 1e-9);
    }
}
