//! Environment variables: our own by rule, those of existing deployments by table.

use super::problem::Origin;
use super::source::Entry;
use super::value::Raw;
use std::collections::BTreeMap;

/// What starts the name of every variable of ours: `WORKBOT_SECTION__KEY`.
pub const PREFIX: &str = "WORKBOT_";

/// Variables for test runs, which are no settings.
const TEST_PREFIX: &str = "WORKBOT_TEST_";

/// Variables of existing deployments and the keys they set; of two for one key the later row wins.
pub const KNOWN_VARIABLES: &[(&str, &str)] = &[
    ("DATABASE_URL", "database.url"),
    ("PGDATABASE_URL", "database.url"),
    ("JWT_SECRET", "tokens.jwt_secret"),
    ("DEPLOY_RUN_PORT", "server.port"),
    ("COZE_PROJECT_DOMAIN", "server.public_url"),
    ("COZE_BUCKET_ENDPOINT_URL", "files.bucket_endpoint_url"),
    ("COZE_BUCKET_NAME", "files.bucket_name"),
    ("ALIYUN_ACCESS_KEY_ID", "sms.aliyun_access_key_id"),
    ("ALIYUN_ACCESS_KEY_SECRET", "sms.aliyun_access_key_secret"),
    ("ALIYUN_SMS_SIGN_NAME", "sms.aliyun_sign_name"),
    ("ALIYUN_SMS_TEMPLATE_CODE", "sms.aliyun_template_code"),
    ("WECHAT_APP_ID", "wechat.app_id"),
    ("WECHAT_APP_SECRET", "wechat.app_secret"),
    ("WECHAT_MCH_ID", "wechat.mch_id"),
    ("WECHAT_API_KEY", "wechat.api_key"),
    ("DOUBAO_API_KEY", "ai.doubao_api_key"),
    ("DEEPSEEK_API_KEY", "ai.deepseek_api_key"),
    ("KIMI_API_KEY", "ai.kimi_api_key"),
    ("DASHSCOPE_API_KEY", "ai.dashscope_api_key"),
    ("OPENAI_API_KEY", "ai.openai_api_key"),
    ("ANTHROPIC_API_KEY", "ai.anthropic_api_key"),
];

/// The name of our own variable for a key.
pub fn variable_name(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
}

/// All settings the environment makes, weakest first; an empty variable counts as not set.
pub fn entries(environment: &BTreeMap<String, String>) -> Vec<Entry> {
    let known = KNOWN_VARIABLES
        .iter()
        .filter_map(|(name, key)| environment.get(*name).map(|text| (*name, (*key).to_owned(), text)));
    let own =
        environment.iter().filter(|(name, _)| !name.starts_with(TEST_PREFIX)).filter_map(|(name, text)| {
            let rest = name.strip_prefix(PREFIX)?;
            Some((name.as_str(), rest.to_ascii_lowercase().replacen("__", ".", 1), text))
        });
    known
        .chain(own)
        .filter(|(_, _, text)| !text.is_empty())
        .map(|(name, key, text)| Entry {
            key,
            raw: Raw::Text(text.clone()),
            origin: Origin::Variable(name.to_owned()),
        })
        .collect()
}
