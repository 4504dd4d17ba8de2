//! Pure: counts as shares.

/// `part` of `whole`, 0 to 1; 0 of nothing.
pub fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(small(count));
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

/// A count as the reports write it.
pub fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A share in whole percent, for sentences.
pub fn percent(part: usize, whole: usize) -> usize {
    part.saturating_mul(100).checked_div(whole).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_is_nothing() {
        assert!((share(1, 4) - 0.25).abs() < f64::EPSILON);
        assert!(share(3, 0).abs() < f64::EPSILON);
        assert_eq!((percent(1, 3), percent(0, 0)), (33, 0));
    }
}
