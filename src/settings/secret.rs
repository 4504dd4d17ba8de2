//! Values that must never be shown: not in a log line, not in an error, not by `config print`.

use std::fmt;
use url::Url;

/// A secret text; `Debug` and `Display` show only whether it is set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// True when there is a text.
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_set() { "Secret(hidden)" } else { "Secret(not set)" })
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_set() { "(hidden)" } else { "(not set)" })
    }
}

/// A database address; `Debug` and `Display` leave its password out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Wraps the address as given.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// True when an address is given.
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// The address with its password, for the store alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when showing the address as it is would show a password, or when that cannot be told.
    pub fn has_password(&self) -> bool {
        self.redacted() != self.0
    }

    /// The address with `***` in place of every password; only `***` when it cannot be read.
    pub fn redacted(&self) -> String {
        if self.0.is_empty() || self.0.starts_with("sqlite:") {
            return self.0.clone();
        }
        let Ok(mut url) = Url::parse(&self.0) else { return "***".to_owned() };
        if url.cannot_be_a_base() {
            return "***".to_owned();
        }
        let mut is_changed = false;
        if url.password().is_some() {
            if url.set_password(Some("***")).is_err() {
                return "***".to_owned();
            }
            is_changed = true;
        }
        if url.query_pairs().any(|(name, _)| name.contains("password")) {
            let pairs: Vec<(String, String)> = url
                .query_pairs()
                .map(|(name, value)| {
                    let shown = if name.contains("password") { "***".to_owned() } else { value.into_owned() };
                    (name.into_owned(), shown)
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
            is_changed = true;
        }
        if is_changed { url.to_string() } else { self.0.clone() }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_show_their_text() {
        let secret = Secret::new("open sesame");
        assert_eq!(format!("{secret} {secret:?}"), "(hidden) Secret(hidden)");
        assert_eq!(Secret::default().to_string(), "(not set)");
        assert_eq!(secret.expose(), "open sesame");
    }

    #[test]
    fn database_addresses_lose_their_passwords() {
        let cases = [
            ("", ""),
            ("sqlite:/var/lib/workbot.db", "sqlite:/var/lib/workbot.db"),
            ("postgres://workbot@db/workbot", "postgres://workbot@db/workbot"),
            ("postgres://workbot:pass@db:5432/workbot", "postgres://workbot:***@db:5432/workbot"),
            (
                "postgres:///workbot?host=db&password=pass&sslmode=require",
                "postgres:///workbot?host=db&password=***&sslmode=require",
            ),
            ("host=db password=pass", "***"),
            ("workbot:pass", "***"),
        ];
        for (given, expected) in cases {
            let url = DatabaseUrl::new(given);
            assert_eq!(url.to_string(), expected);
            assert!(!format!("{url:?}").contains(":pass@"));
            assert_eq!(url.has_password(), given != expected, "{given}");
        }
    }
}
