//! Codes by SMS: who sends them.

use super::problem::Problems;
use super::secret::Secret;
use super::section::{Rules, section};
use super::value::choice;

choice! {
    /// Who sends SMS codes.
    pub enum SmsProvider {
        /// Aliyun when all its four keys are given, else the log.
        Auto = "auto",
        /// The server log; for trying things out, refused in production.
        Log = "log",
        /// Aliyun.
        Aliyun = "aliyun",
    }
}

section! {
    /// Codes by SMS: who sends them. Read by the login of the console; checked here, otherwise not used by this version.
    pub struct SmsSettings in "sms" {
        /// auto (Aliyun when its four keys are given, else the log), log, or aliyun. Not used by this version.
        pub provider: SmsProvider = SmsProvider::Auto;
        /// Aliyun access key id; not used by this version.
        pub aliyun_access_key_id: String = String::new();
        /// Aliyun access key secret; not used by this version.
        pub aliyun_access_key_secret: Secret = Secret::default();
        /// Signature registered with Aliyun; not used by this version.
        pub aliyun_sign_name: String = String::new();
        /// Template registered with Aliyun, its variable is code; not used by this version.
        pub aliyun_template_code: String = String::new();
    }
}

impl Rules for SmsSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.provider != SmsProvider::Aliyun {
            return;
        }
        let keys = [
            ("sms.aliyun_access_key_id", !self.aliyun_access_key_id.is_empty()),
            ("sms.aliyun_access_key_secret", self.aliyun_access_key_secret.is_set()),
            ("sms.aliyun_sign_name", !self.aliyun_sign_name.is_empty()),
            ("sms.aliyun_template_code", !self.aliyun_template_code.is_empty()),
        ];
        for (key, _is_set) in keys.iter().filter(|(_key, is_set)| !is_set) {
            problems.add(key, "is empty though sms.provider is aliyun", "set it, or set sms.provider to log");
        }
    }
}
