//! JWTs: HS256 only, `typ` and audience checked, time handed in.
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{RobotId, RobotUuid, UserId, random_text};
use workbot_schema::robots::Robot;

use crate::http::error::{ApiError, ApiResult, Unauthorized};
use crate::settings::Secret;
use crate::settings::tokens::TokensSettings;

const AUDIENCE: &str = "workbot";
/// Longest token that is looked at, in bytes.
const LONGEST: usize = 4_096;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Robot,
    Refresh,
    User,
}

/// Claims of a robot's access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotClaims {
    /// `robotUuid`.
    pub sub: Uuid,
    /// `robotId`.
    pub rid: RobotId,
    typ: Kind,
    aud: String,
    /// The device it was given to.
    pub dev: String,
    /// Its family; only the robot's present one is valid.
    pub fam: String,
    jti: String,
    iat: i64,
    /// End, seconds since 1970.
    pub exp: i64,
}

impl RobotClaims {
    /// The robot.
    pub fn robot(&self) -> RobotUuid {
        RobotUuid(self.sub)
    }
}

/// Claims of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    typ: Kind,
    aud: String,
    /// Its family.
    pub fam: String,
    jti: String,
    iat: i64,
    /// End, seconds since 1970.
    pub exp: i64,
}

/// Claims of a user's bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserClaims {
    /// The user.
    pub sub: UserId,
    typ: Kind,
    aud: String,
    /// The user's epoch when it was made; a later epoch ends it.
    pub epoch: i64,
    jti: String,
    iat: i64,
    /// End, seconds since 1970.
    pub exp: i64,
}

trait Claims: DeserializeOwned + Serialize {
    const KIND: Kind;
    fn kind(&self) -> Kind;
    fn end(&self) -> i64;
}

macro_rules! claims {
    ($name:ident, $kind:ident) => {
        impl Claims for $name {
            const KIND: Kind = Kind::$kind;
            fn kind(&self) -> Kind {
                self.typ
            }
            fn end(&self) -> i64 {
                self.exp
            }
        }
    };
}

claims!(RobotClaims, Robot);
claims!(RefreshClaims, Refresh);
claims!(UserClaims, User);

/// A signed token and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The token.
    pub token: String,
    /// Until.
    pub expires_at: Ts,
}

/// Makes and checks tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    access_secs: i64,
    refresh_secs: i64,
    skew_secs: i64,
}

impl Tokens {
    /// Tokens signed with `secret`, with the lives of the settings.
    pub fn new(secret: &Secret, settings: &TokensSettings) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud"]);
        // Time is compared below, with the clock of the process.
        validation.validate_exp = false;
        let secs = |secs: u64| i64::try_from(secs).unwrap_or(i64::MAX);
        Self {
            signing: EncodingKey::from_secret(secret.expose().as_bytes()),
            checking: DecodingKey::from_secret(secret.expose().as_bytes()),
            validation,
            access_secs: secs(settings.access_secs),
            refresh_secs: secs(settings.refresh_secs),
            skew_secs: secs(settings.clock_skew_secs),
        }
    }

    /// An access token for a robot, of its present family and device.
    pub fn robot(&self, robot: &Robot, now: Ts) -> ApiResult<Signed> {
        let (iat, exp) = self.life(now, self.access_secs);
        self.sign(
            &RobotClaims {
                sub: robot.id.0,
                rid: robot.robot_id.clone(),
                typ: Kind::Robot,
                aud: AUDIENCE.to_owned(),
                dev: robot.device_id.clone().unwrap_or_default(),
                fam: robot.token_family.clone().unwrap_or_default(),
                jti: random_text(12),
                iat,
                exp,
            },
            exp,
        )
    }

    /// A refresh token of a family; only its hash is to be stored.
    pub fn refresh(&self, family: &str, now: Ts) -> ApiResult<Signed> {
        let (iat, exp) = self.life(now, self.refresh_secs);
        let claims = RefreshClaims {
            typ: Kind::Refresh,
            aud: AUDIENCE.to_owned(),
            fam: family.to_owned(),
            jti: random_text(32),
            iat,
            exp,
        };
        self.sign(&claims, exp)
    }

    /// A bearer token for a user.
    pub fn user(&self, user: &UserId, epoch: i64, ttl_secs: u64, now: Ts) -> ApiResult<Signed> {
        let (iat, exp) = self.life(now, i64::try_from(ttl_secs).unwrap_or(i64::MAX));
        let claims = UserClaims {
            sub: user.clone(),
            typ: Kind::User,
            aud: AUDIENCE.to_owned(),
            epoch,
            jti: random_text(12),
            iat,
            exp,
        };
        self.sign(&claims, exp)
    }

    /// The claims of a robot's access token.
    pub fn check_robot(&self, token: &str, now: Ts) -> Result<RobotClaims, Unauthorized> {
        self.check(token, now)
    }

    /// The claims of a refresh token.
    pub fn check_refresh(&self, token: &str, now: Ts) -> Result<RefreshClaims, Unauthorized> {
        self.check(token, now)
    }

    /// The claims of a user's bearer token.
    pub fn check_user(&self, token: &str, now: Ts) -> Result<UserClaims, Unauthorized> {
        self.check(token, now)
    }

    fn life(&self, now: Ts, secs: i64) -> (i64, i64) {
        let iat = now.utc().timestamp();
        (iat, iat.saturating_add(secs))
    }

    fn sign<C: Claims>(&self, claims: &C, exp: i64) -> ApiResult<Signed> {
        let token = encode(&Header::new(Algorithm::HS256), claims, &self.signing)
            .map_err(|error| ApiError::Internal(format!("sign token: {error}")))?;
        let expires_at = chrono::DateTime::from_timestamp(exp, 0).map(Ts::new);
        let expires_at =
            expires_at.ok_or_else(|| ApiError::Internal("token life out of range".to_owned()))?;
        Ok(Signed { token, expires_at })
    }

    fn check<C: Claims>(&self, token: &str, now: Ts) -> Result<C, Unauthorized> {
        if token.len() > LONGEST {
            return Err(Unauthorized::Wrong);
        }
        let claims = decode::<C>(token, &self.checking, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => Unauthorized::Expired,
                _ => Unauthorized::Wrong,
            })?
            .claims;
        if claims.kind() != C::KIND {
            return Err(Unauthorized::Wrong);
        }
        if now.utc().timestamp() >= claims.end().saturating_add(self.skew_secs) {
            return Err(Unauthorized::Expired);
        }
        Ok(claims)
    }
}

/// SHA-256 of a secret text in hexadecimal: what is stored of keys and refresh tokens.
pub fn hash_of(secret: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use chrono::{DateTime, TimeDelta};
    use workbot_schema::robots::RobotKind;

    use super::*;

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(&Secret::new(secret), &TokensSettings { clock_skew_secs: 5, ..TokensSettings::default() })
    }

    fn now() -> Ts {
        Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }

    fn robot() -> Robot {
        let mut robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now());
        robot.device_id = Some("device".to_owned());
        robot.token_family = Some("family".to_owned());
        robot
    }

    #[test]
    fn a_token_is_good_for_its_purpose_alone() {
        let tokens = tokens(&"s".repeat(32));
        let robot = robot();
        let access = tokens.robot(&robot, now()).unwrap();
        let claims = tokens.check_robot(&access.token, now()).unwrap();
        assert_eq!(
            (claims.robot(), claims.rid, claims.dev.as_str()),
            (robot.id, robot.robot_id.clone(), "device")
        );
        assert_eq!(tokens.check_refresh(&access.token, now()), Err(Unauthorized::Wrong));
        assert_eq!(tokens.check_user(&access.token, now()), Err(Unauthorized::Wrong));
        let refresh = tokens.refresh("family", now()).unwrap();
        assert_eq!(tokens.check_refresh(&refresh.token, now()).unwrap().fam, "family");
        assert_eq!(tokens.check_robot(&refresh.token, now()), Err(Unauthorized::Wrong));
        let user = tokens.user(&UserId::from("u"), 3, 60, now()).unwrap();
        assert_eq!(tokens.check_user(&user.token, now()).unwrap().epoch, 3);
        assert_ne!(tokens.robot(&robot, now()).unwrap().token, access.token);
    }

    #[test]
    fn a_token_ends_five_seconds_after_its_end() {
        let tokens = tokens(&"s".repeat(32));
        let user = tokens.user(&UserId::from("u"), 0, 60, now()).unwrap();
        assert!(tokens.check_user(&user.token, now().plus(TimeDelta::seconds(64))).is_ok());
        let late = now().plus(TimeDelta::seconds(65));
        assert_eq!(tokens.check_user(&user.token, late), Err(Unauthorized::Expired));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let own = tokens(&"s".repeat(32));
        let access = own.robot(&robot(), now()).unwrap().token;
        assert_eq!(tokens(&"t".repeat(32)).check_robot(&access, now()), Err(Unauthorized::Wrong));
        let mut parts = access.split('.');
        let (_header, payload) = (parts.next().unwrap(), parts.next().unwrap());
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
        for wrong in ["", "a.b.c", "x", &unsigned, &format!("{access}x"), &"a".repeat(5_000)] {
            assert_eq!(own.check_robot(wrong, now()), Err(Unauthorized::Wrong), "{wrong}");
        }
        let hs512 = encode(
            &Header::new(Algorithm::HS512),
            &own.check_robot(&access, now()).unwrap(),
            &EncodingKey::from_secret("s".repeat(32).as_bytes()),
        );
        assert_eq!(own.check_robot(&hs512.unwrap(), now()), Err(Unauthorized::Wrong));
        let mut foreign = own.check_robot(&access, now()).unwrap();
        foreign.aud = "another".to_owned();
        let foreign = own.sign(&foreign, foreign.exp).unwrap().token;
        assert_eq!(own.check_robot(&foreign, now()), Err(Unauthorized::Wrong));
    }
}
