//! Pure: how much of a conversation a model is shown.

/// Most lines and tokens of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextLimits {
    /// Lines.
    pub lines_max: usize,
    /// Tokens, estimated.
    pub tokens_max: usize,
}

impl Default for ContextLimits {
    fn default() -> Self {
        Self { lines_max: 10, tokens_max: 2_000 }
    }
}

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// Somebody in the chat.
    User,
    /// The robot, or a person in its place.
    Robot,
}

/// A line of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Who wrote it.
    pub speaker: Speaker,
    /// What was written.
    pub text: &'a str,
}

/// The newest lines that fit, oldest first. A line that fits only in part ends the context, unless it is the newest: of that the
/// beginning is kept.
pub fn newest<'a>(lines: &[Line<'a>], limits: ContextLimits) -> Vec<Line<'a>> {
    let mut left = limits.tokens_max;
    let mut kept = Vec::new();
    for line in lines.iter().rev().take(limits.lines_max) {
        let tokens = estimate_tokens(line.text);
        if tokens > left {
            if kept.is_empty() {
                kept.push(Line { text: beginning(line.text, left), ..*line });
            }
            break;
        }
        left -= tokens;
        kept.push(*line);
    }
    kept.reverse();
    kept
}

/// Tokens of a text, rather too many than too few: a token for a character outside ASCII, one for four of ASCII.
pub fn estimate_tokens(text: &str) -> usize {
    let letters = text.chars().count();
    let ascii = text.bytes().filter(u8::is_ascii).count();
    letters - ascii + ascii.div_ceil(4)
}

/// The longest beginning of a text of so many tokens at most.
pub fn beginning(text: &str, tokens_max: usize) -> &str {
    let (mut ascii, mut others) = (0_usize, 0_usize);
    for (at, letter) in text.char_indices() {
        if letter.is_ascii() {
            ascii += 1;
        } else {
            others += 1;
        }
        if others + ascii.div_ceil(4) > tokens_max {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user(text: &str) -> Line<'_> {
        Line { speaker: Speaker::User, text }
    }

    #[test]
    fn tokens_table() {
        let cases = [("", 0), ("退款", 2), ("abcd", 1), ("abcde", 2), ("订单 A1", 3), ("🎉", 1)];
        for (text, expected) in cases {
            assert_eq!(estimate_tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn at_most_ten_lines_the_newest() {
        let texts: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let lines: Vec<Line<'_>> = texts.iter().map(|text| user(text)).collect();
        let kept = newest(&lines, ContextLimits::default());
        let kept: Vec<&str> = kept.iter().map(|line| line.text).collect();
        assert_eq!(kept, ["20", "21", "22", "23", "24", "25", "26", "27", "28", "29"]);
    }

    #[test]
    fn at_most_two_thousand_tokens() {
        let long = "字".repeat(900);
        let lines = [user(&long), user(&long), user(&long), user("最新")];
        assert_eq!(newest(&lines, ContextLimits::default()).len(), 3);
        let huge = "字".repeat(5_000);
        let kept = newest(&[user("旧"), user(&huge)], ContextLimits::default());
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].text.chars().count(), 2_000);
    }

    proptest! {
        #[test]
        fn never_over_the_limits(texts in proptest::collection::vec("[a-d字\u{1F389} ]{0,60}", 0..20), lines_max in 0_usize..12, tokens_max in 0_usize..80) {
            let lines: Vec<Line<'_>> = texts.iter().map(|text| user(text)).collect();
            let kept = newest(&lines, ContextLimits { lines_max, tokens_max });
            prop_assert!(kept.len() <= lines_max);
            prop_assert!(kept.iter().map(|line| estimate_tokens(line.text)).sum::<usize>() <= tokens_max);
        }

        #[test]
        fn a_beginning_is_as_long_as_it_may_be(text in "[a-d字]{0,80}", tokens_max in 0_usize..40) {
            let part = beginning(&text, tokens_max);
            prop_assert!(text.starts_with(part) && estimate_tokens(part) <= tokens_max);
            let longer: String = text.chars().take(part.chars().count() + 1).collect();
            prop_assert!(part.len() == text.len() || estimate_tokens(&longer) > tokens_max);
        }
    }
}
