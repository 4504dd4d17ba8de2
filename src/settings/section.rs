//! A section of the configuration: a struct whose fields, defaults, ranges and docs are declared once.
//!
//! `section!` makes of one declaration the struct, its `Default`, the reader of every key and the text that
//! `config print` writes, so that none of them can drift from the others.

use super::problem::Problems;
use super::value::{Raw, Shown};

/// One key with its present value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name within the section.
    pub name: &'static str,
    /// What it is for, line by line.
    pub doc: &'static [&'static str],
    /// What to write.
    pub expected: String,
    /// Least and greatest number allowed.
    pub range: Option<(u64, u64)>,
    /// True when the value may not be shown.
    pub is_secret: bool,
    /// The value as it may be shown.
    pub shown: Shown,
    /// The value as a number.
    pub number: Option<u64>,
}

/// Rules of a section beyond the type and range of each key.
pub trait Rules {
    /// Adds every rule the values break.
    fn rules(&self, _problems: &mut Problems) {}
}

/// What loading, checking and printing need of a section.
pub trait Section: Rules {
    /// The name of the TOML table.
    fn name(&self) -> &'static str;
    /// What the section is about, line by line.
    fn doc(&self) -> &'static [&'static str];
    /// All keys with their present values, in the order of declaration.
    fn keys(&self) -> Vec<Key>;
    /// Sets a key; false when the value is not of its type. Unknown names change nothing.
    fn set(&mut self, name: &str, raw: &Raw) -> bool;
}

/// Declares a section: `pub key: Type = default;` or `pub key: Type = default => least..=greatest;`.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        pub struct $section:ident in $table:literal {
            $(
                $(#[doc = $doc:literal])+
                pub $key:ident: $kind:ty = $default:expr $(=> $least:literal..=$greatest:literal)?;
            )+
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $section {
            $($(#[doc = $doc])+ pub $key: $kind,)+
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $crate::settings::section::Section for $section {
            fn name(&self) -> &'static str {
                $table
            }

            fn doc(&self) -> &'static [&'static str] {
                &[$($section_doc),+]
            }

            fn keys(&self) -> Vec<$crate::settings::section::Key> {
                use $crate::settings::value::Value;
                vec![$($crate::settings::section::Key {
                    name: stringify!($key),
                    doc: &[$($doc),+],
                    expected: <$kind as Value>::expected(),
                    range: None$(.or(Some(($least, $greatest))))?,
                    is_secret: <$kind as Value>::IS_SECRET,
                    shown: self.$key.show(),
                    number: self.$key.number(),
                },)+]
            }

            fn set(&mut self, name: &str, raw: &$crate::settings::value::Raw) -> bool {
                match name {
                    $(stringify!($key) => match <$kind as $crate::settings::value::Value>::parse(raw) {
                        Some(value) => {
                            self.$key = value;
                            true
                        }
                        None => false,
                    },)+
                    _ => true,
                }
            }
        }
    };
}
pub(crate) use section;
