//! What a key may hold: how it is read from a file, a variable or a flag, and how it is shown.

use super::secret::{DatabaseUrl, Secret};
use std::fmt::Display;
use std::path::PathBuf;

/// A value before it is read: typed by TOML, or the text of a variable or flag.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// From a file.
    Toml(toml::Value),
    /// From the environment or the command line.
    Text(String),
}

impl Raw {
    /// The value for an error sentence, cut to 60 characters. Never call it for a secret.
    pub fn excerpt(&self) -> String {
        let text = match self {
            Self::Toml(value) => value.to_string(),
            Self::Text(text) => format!("{text:?}"),
        };
        if text.chars().count() <= 60 {
            return text;
        }
        text.chars().take(60).chain(['…']).collect()
    }
}

/// How a value appears in the printed configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A TOML literal.
    Plain(String),
    /// A secret: nothing when it is not set, else what may be told about it.
    Hidden(Option<String>),
}

/// A type that a key can have.
pub trait Value: Sized {
    /// True when neither value nor excerpt may be shown.
    const IS_SECRET: bool = false;
    /// What to write, as the end of the sentence "give …".
    fn expected() -> String;
    /// Reads a value; `None` when it is of another type or out of the type's range.
    fn parse(raw: &Raw) -> Option<Self>;
    /// Shows the value.
    fn show(&self) -> Shown;
    /// The value as a number, for keys with a range.
    fn number(&self) -> Option<u64> {
        None
    }
}

fn quoted(text: impl Display) -> Shown {
    Shown::Plain(toml::Value::String(text.to_string()).to_string())
}

macro_rules! whole_number {
    ($($kind:ty),+) => {$(
        impl Value for $kind {
            fn expected() -> String {
                format!("a whole number from {} to {}", <$kind>::MIN, i64::try_from(<$kind>::MAX).unwrap_or(i64::MAX))
            }

            fn parse(raw: &Raw) -> Option<Self> {
                match raw {
                    Raw::Toml(toml::Value::Integer(number)) => Self::try_from(*number).ok(),
                    Raw::Toml(_) => None,
                    Raw::Text(text) => text.trim().replace('_', "").parse().ok(),
                }
            }

            fn show(&self) -> Shown {
                Shown::Plain(self.to_string())
            }

            fn number(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
        }
    )+};
}

whole_number!(u16, u32, u64, usize);

impl Value for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
        }
    }

    fn show(&self) -> Shown {
        Shown::Plain(self.to_string())
    }
}

impl Value for String {
    fn expected() -> String {
        "a text".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_str().map(str::to_owned),
            Raw::Text(text) => Some(text.clone()),
        }
    }

    fn show(&self) -> Shown {
        quoted(self)
    }
}

impl Value for PathBuf {
    fn expected() -> String {
        "a path".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        String::parse(raw).map(Self::from)
    }

    fn show(&self) -> Shown {
        quoted(self.display())
    }
}

impl Value for Secret {
    const IS_SECRET: bool = true;

    fn expected() -> String {
        "a text".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        String::parse(raw).map(Self::new)
    }

    fn show(&self) -> Shown {
        Shown::Hidden(self.is_set().then(|| "hidden".to_owned()))
    }
}

impl Value for DatabaseUrl {
    const IS_SECRET: bool = true;

    fn expected() -> String {
        "a text".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        String::parse(raw).map(Self::new)
    }

    fn show(&self) -> Shown {
        if self.has_password() { Shown::Hidden(Some(self.redacted())) } else { quoted(self.expose()) }
    }
}

/// A list: an array in TOML, separated by commas elsewhere.
impl<T: Value> Value for Vec<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn expected() -> String {
        format!("a list (separated by commas in a variable), each item {}", T::expected())
    }

    fn parse(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Toml(toml::Value::Array(items)) => {
                items.iter().map(|item| T::parse(&Raw::Toml(item.clone()))).collect()
            }
            Raw::Toml(_) => None,
            Raw::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::parse(&Raw::Text(item.to_owned())))
                .collect(),
        }
    }

    fn show(&self) -> Shown {
        let mut items = Vec::with_capacity(self.len());
        for item in self {
            match item.show() {
                Shown::Plain(literal) => items.push(literal),
                Shown::Hidden(_) => return Shown::Hidden(Some(format!("{} hidden", self.len()))),
            }
        }
        Shown::Plain(format!("[{}]", items.join(", ")))
    }
}

/// Declares an enum whose variants are words in the configuration.
macro_rules! choice {
    ($(#[doc = $doc:literal])+ pub enum $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $variant_doc])+ $variant,)+ }

        impl $crate::settings::value::Value for $name {
            fn expected() -> String {
                format!("one of {}", [$($word),+].join(", "))
            }

            fn parse(raw: &$crate::settings::value::Raw) -> Option<Self> {
                match <String as $crate::settings::value::Value>::parse(raw)?.trim() {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn show(&self) -> $crate::settings::value::Shown {
                let word = match self { $(Self::$variant => $word,)+ };
                $crate::settings::value::Shown::Plain(format!("{word:?}"))
            }
        }
    };
}
pub(crate) use choice;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    #[test]
    fn numbers_are_strict() {
        assert_eq!(u16::parse(&text("5_000")), Some(5000));
        assert_eq!(u16::parse(&text("65536")), None);
        assert_eq!(u16::parse(&text("-1")), None);
        assert_eq!(u16::parse(&Raw::Toml(toml::Value::Integer(80))), Some(80));
        assert_eq!(u16::parse(&Raw::Toml(toml::Value::Float(80.4))), None);
        assert_eq!(u16::parse(&Raw::Toml(toml::Value::String("80".to_owned()))), None);
        assert_eq!(u64::expected(), "a whole number from 0 to 9223372036854775807");
    }

    #[test]
    fn lists_come_from_arrays_and_from_commas() {
        assert_eq!(Vec::<u64>::parse(&text("1, 2,,3 ")), Some(vec![1, 2, 3]));
        assert_eq!(Vec::<u64>::parse(&text("1,x")), None);
        let array = toml::Value::Array(vec![toml::Value::String("a".to_owned())]);
        assert_eq!(Vec::<String>::parse(&Raw::Toml(array)), Some(vec!["a".to_owned()]));
        assert_eq!(vec!["a\"b".to_owned()].show(), Shown::Plain("['a\"b']".to_owned()));
    }

    #[test]
    fn words_for_true_and_false() {
        for word in ["true", "1", "YES", "on"] {
            assert_eq!(bool::parse(&text(word)), Some(true), "{word}");
        }
        for word in ["false", "0", "No", "off"] {
            assert_eq!(bool::parse(&text(word)), Some(false), "{word}");
        }
        assert_eq!(bool::parse(&text("maybe")), None);
        assert_eq!(bool::parse(&Raw::Toml(toml::Value::Integer(1))), None);
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(text(&"x".repeat(1_000)).excerpt().chars().count(), 61);
    }
}
