//! Codes by SMS: who sends them.

use super::problem::Problems;
use super::secret::Secret;
use super::section::{Rules, section};
use super::server::is_web_address;
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
    /// Codes by SMS: who sends them.
    pub struct SmsSettings in "sms" {
        /// auto (Aliyun when its four keys are given, else the log), log, or aliyun.
        pub provider: SmsProvider = SmsProvider::Auto;
        /// Aliyun access key id.
        pub aliyun_access_key_id: String = String::new();
        /// Aliyun access key secret.
        pub aliyun_access_key_secret: Secret = Secret::default();
        /// Signature registered with Aliyun.
        pub aliyun_sign_name: String = String::new();
        /// Template registered with Aliyun, its variable is code.
        pub aliyun_template_code: String = String::new();
        /// Where Aliyun is called.
        pub aliyun_endpoint: String = "https://dysmsapi.aliyuncs.com".to_owned();
    }
}

impl SmsSettings {
    fn aliyun_keys(&self) -> [(&'static str, bool); 4] {
        [
            ("sms.aliyun_access_key_id", !self.aliyun_access_key_id.is_empty()),
            ("sms.aliyun_access_key_secret", self.aliyun_access_key_secret.is_set()),
            ("sms.aliyun_sign_name", !self.aliyun_sign_name.is_empty()),
            ("sms.aliyun_template_code", !self.aliyun_template_code.is_empty()),
        ]
    }

    /// Whether codes are written to the log.
    pub fn is_log(&self) -> bool {
        match self.provider {
            SmsProvider::Log => true,
            SmsProvider::Aliyun => false,
            SmsProvider::Auto => self.aliyun_keys().iter().any(|(_key, is_set)| !is_set),
        }
    }
}

impl Rules for SmsSettings {
    fn rules(&self, problems: &mut Problems) {
        if !is_web_address(&self.aliyun_endpoint) {
            problems.add(
                "sms.aliyun_endpoint",
                format!("{:?} is not a web address", self.aliyun_endpoint),
                "give one such as https://dysmsapi.aliyuncs.com",
            );
        }
        if self.provider != SmsProvider::Aliyun {
            return;
        }
        let keys = self.aliyun_keys();
        for (key, _is_set) in keys.iter().filter(|(_key, is_set)| !is_set) {
            problems.add(key, "is empty though sms.provider is aliyun", "set it, or set sms.provider to log");
        }
    }
}
