//! Pure: the models that come with the program.
use serde::Deserialize;
use workbot_schema::ai_models::{Capability, Provider};

use super::{PresetError, read};

/// A model of `config/models.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresetModel {
    /// Its id in our rows.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// Whose wire it speaks.
    pub provider: Provider,
    /// The provider's name of it.
    pub model_id: String,
    /// `chat` or `vision`.
    pub model_type: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Higher is asked first.
    pub priority: i32,
    /// Whether robots without a model of their own ask it.
    pub in_default_chain: bool,
    /// Millionths of a yuan for 1,000 tokens in; 0 = unknown.
    pub price_in_micros: i64,
    /// Millionths of a yuan for 1,000 tokens out; 0 = unknown.
    pub price_out_micros: i64,
    /// False when it refuses `response_format`.
    pub json_mode: Option<bool>,
}

/// The models in the order of the file.
pub fn models() -> Result<Vec<PresetModel>, PresetError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        model: Vec<PresetModel>,
    }
    read::<File>("models.toml", include_str!("../../../config/models.toml")).map(|file| file.model)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_provider_with_a_key_of_its_own_has_a_model() {
        let providers: BTreeSet<&str> =
            models().unwrap().iter().map(|model| model.provider.as_str()).collect();
        let expected = ["claude", "deepseek", "doubao", "kimi", "openai", "qwen", "qwen_pro"];
        assert_eq!(providers.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_named_models_are_there_and_unique() {
        let models = models().unwrap();
        let names: BTreeSet<&str> = models.iter().map(|model| model.model_id.as_str()).collect();
        for name in ["doubao-pro-4k", "doubao-pro-32k", "deepseek-chat", "gpt-4", "gpt-3.5-turbo"] {
            assert!(names.contains(name), "{name}");
        }
        assert!(names.iter().any(|name| name.starts_with("claude-3")));
        let ids: BTreeSet<&str> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!((names.len(), ids.len()), (models.len(), models.len()));
    }

    #[test]
    fn the_chain_can_do_everything_but_listening() {
        let models = models().unwrap();
        for capability in Capability::ALL {
            let can =
                models.iter().any(|model| model.in_default_chain && model.capabilities.contains(capability));
            assert_eq!(can, *capability != Capability::VoiceProcessing, "{capability}");
        }
        let priorities: BTreeSet<i32> = models.iter().map(|model| model.priority).collect();
        assert_eq!(priorities.len(), models.len(), "the order of the chain leaves nothing to chance");
        assert!(models.iter().all(|model| model.price_in_micros >= 0 && model.price_out_micros >= 0));
    }
}
