//! WeChat credentials that existing set-ups carry.

use super::secret::Secret;
use super::section::{Rules, section};

section! {
    /// WeChat credentials. Accepted so that an existing set-up starts; not used by this version.
    pub struct WechatSettings in "wechat" {
        /// Application id; not used by this version.
        pub app_id: String = String::new();
        /// Application secret; not used by this version.
        pub app_secret: Secret = Secret::default();
        /// Merchant id; not used by this version.
        pub mch_id: String = String::new();
        /// Merchant API key; not used by this version.
        pub api_key: Secret = Secret::default();
    }
}

impl Rules for WechatSettings {}
