//! Pure: what comes with the program: templates, personas and models, read from `config/` when it is built.
//!
//! They are written into an empty database once; after that the rows count.
pub mod models;
pub mod personas;
mod rows;
pub mod templates;

pub use models::{PresetModel, models};
pub use personas::{PresetPersona, personas};
pub use rows::rows;
pub use templates::{PresetTemplate, templates};

use workbot_schema::class::Class;

/// The file of personas.
const PERSONAS: &str = "personas.toml";

/// A preset file that cannot be read; the program was built wrong.
#[derive(Debug, thiserror::Error)]
#[error("config/{file}: {reason}")]
pub struct PresetError {
    /// Name below `config/`.
    pub file: &'static str,
    /// What the parser says.
    pub reason: String,
}

impl PresetError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        Class::Bug
    }
}

/// Reads a file; line ends are those of Unix, whatever a checkout made of them.
fn read<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, PresetError> {
    let text = text.replace("\r\n", "\n");
    toml::from_str(&text).map_err(|error| PresetError { file, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_named() {
        let error = read::<std::collections::BTreeMap<String, String>>("personas.toml", "a = [").unwrap_err();
        assert!(error.to_string().starts_with("config/personas.toml: "));
        assert_eq!(error.class(), Class::Bug);
    }
}
