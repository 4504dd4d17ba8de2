//! Pure: where the bubbles on a screen stand in the memory of a room, and which of them are new.
use std::cmp::Reverse;

use super::memory::{ChatMemory, Run};

/// Rows of the memory that a changed screen is compared with, beside as many as it shows.
const LOOK_BACK: usize = 10;

/// A bubble on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its fingerprint.
    pub print: u64,
    /// A message before it was taken back: what it replaces in the memory is gone, not changed.
    pub is_after_recall: bool,
    /// It says enough not to be repeated every day.
    pub is_telling: bool,
}

/// A run that the screen shows in part or whole, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fit {
    run: usize,
    /// First row of the run that is on the screen.
    run_start: usize,
    /// Where it stands on the screen.
    start: usize,
    length: usize,
}

impl Fit {
    fn end(&self) -> usize {
        self.start + self.length
    }

    /// Whether the last row of its run is on the screen.
    fn has_end(&self, runs: &[Run]) -> bool {
        runs.get(self.run).is_some_and(|run| self.run_start + self.length == run.rows.len())
    }
}

/// The memory after a screen, and for each bubble on it whether it is new.
pub(super) fn absorb(memory: &ChatMemory, seen: &[Seen]) -> (ChatMemory, Vec<bool>) {
    let prints: Vec<u64> = seen.iter().map(|row| row.print).collect();
    let fits = lay(memory, seen, &prints);
    let (mut after, new) = match changed(memory, &prints) {
        // Row by row is the rule; when more can be found with a few rows gone or changed, a row by row fit is chance.
        Some(pairs) if pairs.len() > fits.iter().map(|fit| fit.length).sum::<usize>() => {
            patch(memory, seen, &prints, &pairs)
        }
        _ if fits.is_empty() => jump(memory, &prints),
        _ => join(memory, &prints, &fits),
    };
    after.trim();
    (after, new)
}

/// Nothing on the screen is known: something may have been missed before it.
fn jump(memory: &ChatMemory, prints: &[u64]) -> (ChatMemory, Vec<bool>) {
    let mut after = memory.clone();
    match after.runs.as_mut_slice() {
        // A room that showed no bubble yet begins with these.
        [only] if only.rows.is_empty() => only.rows = prints.to_vec(),
        _ if prints.is_empty() => {}
        _ => after.runs.push(Run { is_floor: false, rows: prints.to_vec() }),
    }
    (after, vec![true; prints.len()])
}

/// Every way the screen can show a run without a contradiction.
fn fits(runs: &[Run], run: usize, prints: &[u64]) -> Vec<Fit> {
    let Some(rows) = runs.get(run).map(|run| run.rows.as_slice()) else { return Vec::new() };
    let from_run = (0..rows.len()).map(|run_start| (run_start, 0));
    let from_screen = (1..prints.len()).map(|start| (0, start));
    let fit = |(run_start, start): (usize, usize)| {
        let (rows, prints) = (rows.get(run_start..)?, prints.get(start..)?);
        let length = rows.len().min(prints.len());
        let is_equal = length > 0 && rows.iter().zip(prints).all(|(row, print)| row == print);
        is_equal.then_some(Fit { run, run_start, start, length })
    };
    from_run.chain(from_screen).filter_map(fit).collect()
}

/// The runs on the screen, left to right; none when it shows no known bubble, or only by chance.
fn lay(memory: &ChatMemory, seen: &[Seen], prints: &[u64]) -> Vec<Fit> {
    let runs = memory.runs.as_slice();
    let latest = runs.len().saturating_sub(1);
    // A row that is there once, shown once, and no everyday word, is the same one.
    let is_unique = |fit: &Fit| {
        seen.iter().skip(fit.start).take(fit.length).any(|row| {
            let is_shown_once = prints.iter().filter(|print| **print == row.print).count() == 1;
            row.is_telling && is_shown_once && memory.occurrences(row.print) == 1
        })
    };
    // The app shows the end of a chat. A fit that would need an earlier part of it must be beyond doubt.
    let is_sure = |fit: &Fit| (fit.run == latest && (fit.start == 0 || fit.has_end(runs))) || is_unique(fit);
    let best = (0..runs.len())
        .flat_map(|run| fits(runs, run, prints))
        .filter(is_sure)
        .max_by_key(|fit| (fit.length, fit.has_end(runs), fit.run, fit.run_start));
    let mut found: Vec<Fit> = best.into_iter().collect();
    while let Some(first) = found.first().copied() {
        let is_floor = runs.get(first.run).is_some_and(|run| run.is_floor);
        let Some(left) = prints.get(..first.start).filter(|left| !left.is_empty() && !is_floor) else {
            break;
        };
        let next = (0..runs.len())
            .filter(|run| found.iter().all(|fit| fit.run != *run))
            .flat_map(|run| fits(runs, run, left))
            .filter(|fit| fit.has_end(runs))
            .max_by_key(|fit| (fit.end(), fit.length, fit.run, fit.run_start));
        let Some(next) = next else { break };
        found.insert(0, next);
    }
    while let Some(last) = found.last().copied() {
        let Some(right) = prints.get(last.end()..).filter(|right| !right.is_empty()) else { break };
        let next = (0..runs.len())
            .filter(|run| found.iter().all(|fit| fit.run != *run))
            .flat_map(|run| fits(runs, run, right))
            .map(|fit| Fit { start: fit.start + last.end(), ..fit })
            .filter(|fit| fit.run_start == 0 && is_unique(fit))
            .min_by_key(|fit| (fit.start, Reverse(fit.length), Reverse(fit.run)));
        let Some(next) = next else { break };
        found.push(next);
    }
    found
}

/// Makes one run of those on the screen and of what stands between them.
fn join(memory: &ChatMemory, prints: &[u64], found: &[Fit]) -> (ChatMemory, Vec<bool>) {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return jump(memory, prints) };
    let run = |fit: &Fit| memory.runs.get(fit.run);
    let is_floor = |fit: &Fit| run(fit).is_some_and(|run| run.is_floor);
    // What stands before the beginning of what is known is history.
    let history = found.iter().filter(|fit| is_floor(fit)).map(|fit| fit.start).max().unwrap_or_default();
    let from = if is_floor(first) { first.start } else { 0 };
    let mut is_new: Vec<bool> = (0..prints.len()).map(|place| place >= history).collect();
    for fit in found {
        is_new.iter_mut().skip(fit.start).take(fit.length).for_each(|is_new| *is_new = false);
    }
    let before = run(first).into_iter().flat_map(|run| run.rows.iter().take(first.run_start));
    let behind = run(last).into_iter().flat_map(|run| run.rows.iter().skip(last.run_start + last.length));
    let rows = before.chain(prints.iter().skip(from)).chain(behind).copied().collect();
    let joined = Run { is_floor: found.iter().any(is_floor), rows };
    // What was on the screen last is forgotten last.
    let is_found = |number: usize| found.iter().any(|fit| fit.run == number);
    let others = memory.runs.iter().enumerate().filter(|(number, _run)| !is_found(*number));
    let runs = others.map(|(_number, run)| run.clone()).chain([joined]).collect();
    (ChatMemory { runs }, is_new)
}

/// Places on the screen and in the latest run that are the same although some bubbles were taken back or changed; none
/// unless half of them are still there.
fn changed(memory: &ChatMemory, prints: &[u64]) -> Option<Vec<(usize, usize)>> {
    let latest = memory.runs.last()?;
    let skipped = latest.rows.len().saturating_sub(prints.len() + LOOK_BACK);
    let recent: Vec<u64> = latest.rows.iter().skip(skipped).copied().collect();
    let pairs = common(prints, &recent);
    let (first, last) = (pairs.first()?, pairs.last()?);
    let is_enough = pairs.len() >= 2 && pairs.len() * 2 >= prints.len().min(recent.len());
    // Few are gone or changed between those that are there.
    let is_close = |from: usize, to: usize| (to - from + 1 - pairs.len()) * 2 <= pairs.len();
    // A screen that goes on differently goes on from the end.
    let (rest, unmatched) = (prints.len() - last.0 - 1, recent.len() - last.1 - 1);
    let is_end = rest == 0 || unmatched <= rest + pairs.len() / 2;
    let is_sure = is_enough && is_end && is_close(first.0, last.0) && is_close(first.1, last.1);
    is_sure.then(|| pairs.into_iter().map(|(place, row)| (place, row + skipped)).collect())
}

/// Takes the screen for the end of the latest run.
fn patch(
    memory: &ChatMemory,
    seen: &[Seen],
    prints: &[u64],
    pairs: &[(usize, usize)],
) -> (ChatMemory, Vec<bool>) {
    let mut after = memory.clone();
    let (Some((first, first_row)), Some((last, last_row)), Some(run)) =
        (pairs.first(), pairs.last(), after.runs.last_mut())
    else {
        return jump(memory, prints);
    };
    let rest = seen.len().saturating_sub(last + 1);
    let unmatched = run.rows.len().saturating_sub(last_row + 1);
    // What followed in the memory and is not there any more looks different now, unless it was taken back.
    let recalled = seen.iter().skip(last + 1).position(|row| row.is_after_recall);
    let replaced = recalled.unwrap_or(rest).min(unmatched);
    let is_new = (0..seen.len()).map(|place| place > last + replaced).collect();
    if rest == 0 && unmatched > 0 {
        // Only a part of it is on the screen.
        run.rows.splice(*first_row..=*last_row, prints.iter().skip(*first).take(last + 1 - first).copied());
    } else {
        run.rows.truncate(*first_row);
        run.rows.extend(prints.iter().skip(*first));
    }
    (after, is_new)
}

/// A longest common subsequence as pairs of places, the latest possible ones.
fn common(left: &[u64], right: &[u64]) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    let mut lengths = vec![0_usize; (left.len() + 1) * width];
    let at = |lengths: &[usize], row: usize, column: usize| {
        lengths.get(row * width + column).copied().unwrap_or_default()
    };
    for (row, one) in left.iter().enumerate() {
        for (column, other) in right.iter().enumerate() {
            let length = if one == other {
                at(&lengths, row, column) + 1
            } else {
                at(&lengths, row + 1, column).max(at(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut((row + 1) * width + column + 1) {
                *cell = length;
            }
        }
    }
    let (mut row, mut column) = (left.len(), right.len());
    let mut pairs = Vec::new();
    while row > 0 && column > 0 {
        if left.get(row - 1) == right.get(column - 1) {
            (row, column) = (row - 1, column - 1);
            pairs.push((row, column));
        } else if at(&lengths, row - 1, column) >= at(&lengths, row, column - 1) {
            row -= 1;
        } else {
            column -= 1;
        }
    }
    pairs.reverse();
    pairs
}
