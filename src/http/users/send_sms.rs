//! `POST /api/user/send-sms`: a code for the login. The answer is the same for every phone, whether anybody has it or not.
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use workbot_schema::accounts::{AccountAct, AccountDone, CodeLimits, LoginCode};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::users::{self, is_phone};

use super::entrance::Entrance;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Limited};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::robots::secret::random_bytes;
use crate::http::state::{AppState, State};

/// Life of a code.
const CODE_SECS: i64 = 300;
/// Codes for a phone in a day, unless more are allowed in an hour.
const PER_DAY: usize = 10;

/// Who wants to come in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SendSmsRequest {
    /// Phone, 11 digits.
    #[schema(example = "13800138000")]
    pub phone: String,
}

/// What happens now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendSmsResponse {
    /// Seconds the code holds.
    pub expires_in: i64,
    /// Seconds until another one may be asked for.
    pub resend_after: u64,
    /// `sms`, or `log` when codes stand in the server's log.
    #[schema(example = "sms")]
    pub delivery: &'static str,
}

/// Sends a code.
#[utoipa::path(
    post,
    path = "/api/user/send-sms",
    operation_id = "send_sms",
    tag = "用户",
    summary = "获取短信验证码",
    description = "6 位验证码，5 分钟内有效，再次获取后旧验证码失效。同一手机号 60 秒 1 次、每小时 5 次、每天 10 次，同一地址每小时 20 次，超过返回 429。未注册的手机号得到相同的回答，但不会发送短信（除非 users.open_registration 为 true）。",
    request_body(content = SendSmsRequest, example = json!({"phone": "13800138000"})),
    responses(
        (status = 200, description = "已受理", body = Envelope<SendSmsResponse>,
            example = json!({"success": true, "code": 0, "message": "验证码已发送", "data":
                {"expiresIn": 300, "resendAfter": 60, "delivery": "sms"}})),
        Failures
    )
)]
pub async fn send_sms(state: State, entrance: Entrance, body: Body<SendSmsRequest>) -> ApiResult<Reply> {
    let phone = checked_phone(&body.value.phone)?;
    let busy = |_none| ApiError::Unavailable("too many codes are on their way".to_owned());
    let place = Arc::clone(&state.logins.sending).try_acquire_owned().map_err(busy)?;
    let user = users::find_by_phone(&state.db, phone.clone()).await?;
    let is_welcome = user.map_or(state.settings.users.open_registration, |user: users::User| user.is_active);
    let code = random_code()?;
    let now = state.now();
    let row = LoginCode {
        id: Uuid::new_v4().to_string(),
        code_hash: state.logins.keys.code_hash(&phone, &code),
        phone: phone.clone(),
        address: entrance.address().to_string(),
        wrong_tries: 0,
        expires_at: now.plus(TimeDelta::seconds(CODE_SECS)),
        used_at: None,
        created_at: now,
    };
    let act = AccountAct::MakeCode { code: row, limits: limits(&state) };
    match state.journal.write(vec![Record::Account(Box::new(act))]).await?.into_iter().next() {
        Some(Outcome::Account(done)) => match *done {
            AccountDone::CodeMade => {}
            AccountDone::TooMany(wait) => return Err(ApiError::Limited(Limited::Requests, wait)),
            other => return Err(ApiError::Internal(format!("a code was answered with {other:?}"))),
        },
        _ => return Err(ApiError::Internal("the journal answered a code with something else".to_owned())),
    }
    if is_welcome {
        // Not waited for: how long the platform takes would tell who has an account.
        let (state, request) = (state.clone(), entrance.request().to_owned());
        actix_rt::spawn(async move {
            let _place = place;
            if let Err(error) = state.logins.sms.send(&phone, &code, &request).await {
                log::warn!(request = request, error:% = error; "a code for a login was not sent");
            }
        });
    }
    let delivery = if state.logins.sms.is_log() { "log" } else { "sms" };
    let resend_after = state.settings.limits.sms_pause_secs;
    Reply::message("验证码已发送", &SendSmsResponse { expires_in: CODE_SECS, resend_after, delivery })
}

/// A phone as it was typed, without blanks and the prefix of the country; 400 when it is none.
pub fn checked_phone(text: &str) -> ApiResult<String> {
    let compact: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let phone = compact.strip_prefix("+86").unwrap_or(&compact);
    if is_phone(phone) {
        Ok(phone.to_owned())
    } else {
        Err(ApiError::field("phone", "请输入 11 位手机号"))
    }
}

fn limits(state: &AppState) -> Option<CodeLimits> {
    let limits = &state.settings.limits;
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    limits.enabled.then(|| CodeLimits {
        pause: Duration::from_secs(limits.sms_pause_secs),
        per_hour: count(limits.sms_per_phone),
        per_day: PER_DAY.max(count(limits.sms_per_phone)),
        per_address: count(limits.sms_per_ip),
    })
}

/// Six digits, each as likely as any other.
fn random_code() -> ApiResult<String> {
    loop {
        let number = u32::from_le_bytes(random_bytes::<4>()?) >> 12;
        if number < 1_000_000 {
            return Ok(format!("{number:06}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits() {
        for _time in 0..1_000 {
            let code = random_code().unwrap();
            assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn phones_are_read_as_people_type_them() {
        for text in ["13800138000", "138 0013 8000", "+86 138-0013-8000"] {
            assert_eq!(checked_phone(text).unwrap(), "13800138000");
        }
        for text in ["", "1380013800", "+1 13800138000", "８", "13800138000\n"] {
            assert!(checked_phone(text).is_err(), "{text}");
        }
    }
}
