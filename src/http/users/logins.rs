//! What logins share: keyed hashes, sessions in memory, who fails too often, the sender of codes.
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;
use workbot_actors::delivery::http_client::HttpClient;
use workbot_actors::kernel::Clock;
use workbot_actors::sms::{AliyunKeys, AliyunSender, SmsSender};

use crate::http::auth::{LoginKeys, SessionCache, SessionUses};
use crate::http::guard::failure_limit::FailureLimit;
use crate::settings::sms::SmsSettings;
use crate::settings::{Secret, Settings};

/// Codes on their way at a time; beyond that nobody gets one for a moment.
const SENDING_MAX: usize = 32;

/// What logins share.
pub struct Logins {
    /// Keyed hashes.
    pub keys: LoginKeys,
    /// Sessions, remembered for ≤ 5 s.
    pub sessions: SessionCache,
    /// When their use was noted last.
    pub uses: SessionUses,
    /// Failed logins by address.
    pub failures: FailureLimit<IpAddr>,
    /// Who sends codes.
    pub sms: SmsSender,
    /// A place for each code on its way.
    pub sending: Arc<Semaphore>,
}

impl Logins {
    /// Everything empty; at most `keys_max` addresses are remembered.
    pub fn new(settings: &Settings, secret: &Secret, sms: SmsSender, keys_max: usize) -> Self {
        let most = settings.limits.enabled.then_some(settings.limits.login_per_ip);
        Self {
            keys: LoginKeys::new(secret),
            sessions: SessionCache::default(),
            uses: SessionUses::default(),
            failures: FailureLimit::new(most, keys_max),
            sms,
            sending: Arc::new(Semaphore::new(SENDING_MAX)),
        }
    }
}

/// Who sends codes, as the settings have it.
pub fn sender(settings: &SmsSettings, http: &HttpClient, clock: &Clock) -> SmsSender {
    let keys = || AliyunKeys {
        endpoint: settings.aliyun_endpoint.clone(),
        key_id: settings.aliyun_access_key_id.clone(),
        key_secret: settings.aliyun_access_key_secret.expose().to_owned(),
        sign_name: settings.aliyun_sign_name.clone(),
        template_code: settings.aliyun_template_code.clone(),
    };
    let aliyun =
        if settings.is_log() { None } else { AliyunSender::new(http.clone(), clock.clone(), keys()) };
    match aliyun {
        Some(aliyun) => SmsSender::Aliyun(Box::new(aliyun)),
        None => {
            log::warn!(
                "codes for the login of the console are written to this log; set the sms section for real ones"
            );
            SmsSender::Log
        }
    }
}
