//! Keys of models that existing set-ups carry.

use super::secret::Secret;
use super::section::{Rules, section};

section! {
    /// Keys of models. Read by the preset models of flows; accepted so that an existing set-up starts, not used by this version.
    pub struct AiSettings in "ai" {
        /// Key of the preset Doubao models; not used by this version.
        pub doubao_api_key: Secret = Secret::default();
        /// Key of the preset DeepSeek models; not used by this version.
        pub deepseek_api_key: Secret = Secret::default();
        /// Key of the preset Kimi models; not used by this version.
        pub kimi_api_key: Secret = Secret::default();
        /// Key of the preset Qwen models (DashScope); not used by this version.
        pub dashscope_api_key: Secret = Secret::default();
        /// Key of the preset OpenAI models; not used by this version.
        pub openai_api_key: Secret = Secret::default();
        /// Key of the preset Claude models; not used by this version.
        pub anthropic_api_key: Secret = Secret::default();
    }
}

impl Rules for AiSettings {}
