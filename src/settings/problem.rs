//! What is wrong with a configuration: every problem at once, each with its way out.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// One problem; its text never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, `section.key`, or the file when none of its keys could be read.
    pub key: String,
    /// Where the offending value stands.
    pub origin: Origin,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub way_out: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, origin, problem, way_out } = self;
        match origin {
            Origin::Default => write!(formatter, "{key}: {problem}; {way_out}"),
            Origin::File(path) if path.as_os_str() == key.as_str() => {
                write!(formatter, "{key}: {problem}; {way_out}")
            }
            _ => write!(formatter, "{key} ({origin}): {problem}; {way_out}"),
        }
    }
}

/// All problems of one configuration, in the order they were found; `Display` gives one a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem of a key whose origin is filled in later.
    pub fn add(&mut self, key: &str, problem: impl Into<String>, way_out: impl Into<String>) {
        self.push(Problem {
            key: key.to_owned(),
            origin: Origin::Default,
            problem: problem.into(),
            way_out: way_out.into(),
        });
    }

    /// Notes a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// True when nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems found so far.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Takes over the problems of another list, telling for each where its value came from.
    pub fn absorb(&mut self, others: Self, origin_of: impl Fn(&str) -> Origin) {
        for mut problem in others.0 {
            problem.origin = origin_of(&problem.key);
            self.0.push(problem);
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
