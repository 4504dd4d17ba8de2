//! Pure: finds the variables of a text in one pass.
//!
//! The result is that of the expression `\{\{(\w+)\}\}` with an ASCII `\w`, matched from the left without overlap: the innermost
//! braces count, so `{{{name}}}` is a brace, the variable, a brace.

/// A part of a template; the parts together are the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stays as it is.
    Text(&'a str),
    /// A variable.
    Variable {
        /// What stands between the braces: one or more of `A-Z a-z 0-9 _`.
        name: &'a str,
        /// The same with its braces.
        written: &'a str,
    },
}

/// The parts of a text in order, none of them empty.
pub fn pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text, waiting: None }
}

/// See [`pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    rest: &'a str,
    /// The variable behind the text that was given out last.
    waiting: Option<Piece<'a>>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(variable) = self.waiting.take() {
            return Some(variable);
        }
        if self.rest.is_empty() {
            return None;
        }
        let Some(found) = find(self.rest) else {
            return Some(Piece::Text(std::mem::take(&mut self.rest)));
        };
        self.rest = found.after;
        let variable = Piece::Variable { name: found.name, written: found.written };
        if found.before.is_empty() {
            return Some(variable);
        }
        self.waiting = Some(variable);
        Some(Piece::Text(found.before))
    }
}

struct Found<'a> {
    before: &'a str,
    name: &'a str,
    written: &'a str,
    after: &'a str,
}

/// The first variable. Every byte is looked at twice at most: after a failed try the search goes on behind what was read.
fn find(text: &str) -> Option<Found<'_>> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find("{{")?;
        let name_start = open + 2;
        let name_length = text.get(name_start..)?.bytes().take_while(|byte| is_word(*byte)).count();
        let name_end = name_start + name_length;
        let behind = text.get(name_end..)?;
        if name_length > 0 && behind.starts_with("}}") {
            let end = name_end + 2;
            return Some(Found {
                before: text.get(..open)?,
                name: text.get(name_start..name_end)?,
                written: text.get(open..end)?,
                after: text.get(end..)?,
            });
        }
        from = if name_length == 0 { open + 1 } else { name_end };
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The expression tried at every position, as its definition says; slow on purpose.
    fn reference(text: &str) -> Vec<(usize, String)> {
        let letters: Vec<(usize, char)> = text.char_indices().collect();
        let at = |index: usize| letters.get(index).map(|(_, letter)| *letter);
        let mut found = Vec::new();
        let mut index = 0;
        while index < letters.len() {
            let mut end = index + 2;
            while at(end).is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
                end += 1;
            }
            let opens = at(index) == Some('{') && at(index + 1) == Some('{');
            let closes = at(end) == Some('}') && at(end + 1) == Some('}');
            if opens && closes && end > index + 2 {
                let name = letters[index + 2..end].iter().map(|(_, letter)| *letter).collect();
                found.push((letters[index].0, name));
                index = end + 2;
            } else {
                index += 1;
            }
        }
        found
    }

    fn scanned(text: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut at = 0;
        for piece in pieces(text) {
            match piece {
                Piece::Text(part) => at += part.len(),
                Piece::Variable { name, written } => {
                    found.push((at, name.to_owned()));
                    at += written.len();
                }
            }
        }
        found
    }

    fn joined(text: &str) -> String {
        pieces(text)
            .map(|piece| match piece {
                Piece::Text(part) => part,
                Piece::Variable { written, .. } => written,
            })
            .collect()
    }

    #[test]
    fn table() {
        let cases: [(&str, &[(usize, &str)]); 19] = [
            ("", &[]),
            ("你好", &[]),
            ("{{userName}}", &[(0, "userName")]),
            ("欢迎 {{userName}}！", &[(7, "userName")]),
            ("{{a}}{{b}}{{a}}", &[(0, "a"), (5, "b"), (10, "a")]),
            ("{{ a }}", &[]),
            ("{{}}", &[]),
            ("{{a}", &[]),
            ("{a}}", &[]),
            ("{{a", &[]),
            ("{{{a}}}", &[(1, "a")]),
            ("{{{{a}}}}", &[(2, "a")]),
            ("{{ {{a}} }}", &[(3, "a")]),
            ("{{a{{b}}", &[(3, "b")]),
            ("{{a}{{b}}}", &[(4, "b")]),
            ("{{a.b}} {{a-b}} {{_1}}", &[(16, "_1")]),
            ("{{姓名}} {{naïve}} {{名a}}", &[]),
            ("{{ａ}} {{٣}}", &[]),
            ("{{a}}}}{{", &[(0, "a")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<(usize, String)> =
                expected.iter().map(|(at, name)| (*at, (*name).to_owned())).collect();
            assert_eq!(scanned(text), expected, "{text}");
            assert_eq!(reference(text), expected, "{text}");
            assert_eq!(joined(text), text);
        }
    }

    #[test]
    fn no_piece_is_empty() {
        for text in ["{{a}}{{b}}", "{{a}}", "x{{a}}{{b}}y", ""] {
            assert!(!pieces(text).any(|piece| piece == Piece::Text("")), "{text}");
        }
    }

    #[test]
    fn long_runs_of_braces_are_read_once() {
        let runs = ["{".repeat(1_000_000), "{{a".repeat(300_000), "{{a}".repeat(300_000)];
        for text in runs {
            assert_eq!(pieces(&text).count(), 1);
        }
    }

    proptest! {
        #[test]
        fn equals_the_expression_on_braces(text in "[{}a_1 中]{0,60}") {
            prop_assert_eq!(scanned(&text), reference(&text));
            prop_assert_eq!(joined(&text), text);
        }

        #[test]
        fn equals_the_expression_on_any_text(text in any::<String>()) {
            prop_assert_eq!(scanned(&text), reference(&text));
            prop_assert_eq!(joined(&text), text);
        }
    }
}
