//! Calls to models: their bounds, their health, and the keys that existing set-ups carry.

use super::secret::Secret;
use super::section::{Rules, section};

section! {
    /// Calls to models: their bounds, their health, and the keys of the preset models.
    pub struct AiSettings in "ai" {
        /// Time for one call, from resolving the name to the last byte, in milliseconds.
        pub timeout_ms: u64 = 10_000 => 1_000..=120_000;
        /// Calls under way to one model whose config names no other number.
        pub concurrency: usize = 32 => 1..=1_024;
        /// Calls a minute to one model whose config names no other number; 0 = without limit.
        pub requests_per_minute: u32 = 0 => 0..=1_000_000;
        /// Longest answer in tokens when neither persona nor model say otherwise.
        pub max_tokens: u32 = 2_000 => 1..=100_000;
        /// Bytes of an answer that are read (256 KiB); a longer one is a failure.
        pub answer_bytes: usize = 262_144 => 4_096..=4_194_304;
        /// A model that was not heard of for so long is asked for a sign of life, in seconds; 0 = never.
        pub health_secs: u64 = 300 => 0..=86_400;
        /// Key of the preset Doubao models, at the provider's own address only.
        pub doubao_api_key: Secret = Secret::default();
        /// Key of the preset DeepSeek models, at the provider's own address only.
        pub deepseek_api_key: Secret = Secret::default();
        /// Key of the preset Kimi models, at the provider's own address only.
        pub kimi_api_key: Secret = Secret::default();
        /// Key of the preset Qwen models (DashScope), at the provider's own address only.
        pub dashscope_api_key: Secret = Secret::default();
        /// Key of the preset OpenAI models, at the provider's own address only.
        pub openai_api_key: Secret = Secret::default();
        /// Key of the preset Claude models, at the provider's own address only.
        pub anthropic_api_key: Secret = Secret::default();
    }
}

impl Rules for AiSettings {}
