//! Secrets of a robot: where each is sealed for, and new ones.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use workbot_actors::cloud::account::cloud_key_place;
use workbot_actors::delivery::signature::SigningSecret;
use workbot_actors::delivery::signing::signing_place;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::RobotUuid;

use crate::http::error::{ApiError, ApiResult};

/// Which secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// `key` of the WorkTool routes.
    RobotKey,
    /// Key of the hosted platform's webhooks.
    CallbackKey,
    /// Key for calls to the hosted platform.
    CloudKey,
}

impl SecretKind {
    /// The place it is sealed for.
    pub fn place(self, robot: RobotUuid) -> String {
        let column = match self {
            Self::RobotKey => "robot_key",
            Self::CallbackKey => "callback_key",
            Self::CloudKey => return cloud_key_place(robot),
        };
        format!("robots.{column}/{robot}")
    }
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> ApiResult<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_unspecified| ApiError::Internal("no random bytes".to_owned()))?;
    Ok(bytes)
}

/// A random secret text of 43 characters, fit for URLs.
pub fn random_secret() -> ApiResult<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// A signing secret made of random bytes: sealed, and as it is told once.
pub fn new_signing(sealer: &Sealer, robot: RobotUuid, random: &[u8; 32]) -> ApiResult<(String, String)> {
    let secret = SigningSecret::from_random(random)
        .map_err(|error| ApiError::Internal(format!("signing secret: {error}")))?;
    Ok((sealer.seal(&signing_place(robot), secret.reveal())?, secret.reveal().to_owned()))
}
