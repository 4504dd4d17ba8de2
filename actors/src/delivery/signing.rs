//! Pure: the signing keys of a robot, opened from its sealed secrets.
use workbot_schema::class::Class;
use workbot_schema::fields::sealed::{SealError, Sealer};
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::Robot;

use super::signature::{ROTATION_SECS, SignatureError, SigningKeys, SigningSecret};

/// Why a callback cannot be signed although its robot wants so; it is not sent then.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Signing is on and there is no secret.
    #[error("signing is on but the robot has no signing secret")]
    Absent,
    /// The secret cannot be opened.
    #[error("signing secret: {0}")]
    Sealed(#[from] SealError),
    /// What was sealed is no secret.
    #[error("signing secret: {0}")]
    Secret(#[from] SignatureError),
}

impl SigningError {
    /// Permanent: a new secret mends it.
    pub fn class(&self) -> Class {
        match self {
            Self::Absent | Self::Sealed(_) | Self::Secret(_) => Class::Permanent,
        }
    }
}

/// The place the present and the previous signing secret of a robot are sealed for.
pub fn signing_place(robot: RobotUuid) -> String {
    format!("robots.signing/{robot}")
}

/// The keys of a robot; `None` when signing is off. A previous secret that cannot be opened signs no more.
pub fn signing_keys(robot: &Robot, sealer: &Sealer) -> Result<Option<SigningKeys>, SigningError> {
    if !robot.settings.0.enable_signature {
        return Ok(None);
    }
    let secrets = &robot.secrets.0;
    let place = signing_place(robot.id);
    let open = |sealed: &str| -> Result<SigningSecret, SigningError> {
        Ok(SigningSecret::parse(&sealer.open(&place, sealed)?)?)
    };
    let current = open(secrets.signing.as_deref().ok_or(SigningError::Absent)?)?;
    let previous = secrets.previous_signing.as_deref().and_then(|sealed| open(sealed).ok());
    Ok(Some(match (previous, secrets.previous_until_ms) {
        (Some(previous), Some(until_ms)) => {
            SigningKeys::with_previous(current, previous, until_ms / 1_000 - ROTATION_SECS)
        }
        _ => SigningKeys::new(current),
    }))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use workbot_schema::fields::Ts;
    use workbot_schema::robots::RobotKind;

    use super::*;

    #[test]
    fn both_secrets_sign_until_the_rotation_is_over() {
        let now = Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let mut robot = Robot::new(RobotKind::Native, "r".to_owned(), None, now);
        assert!(signing_keys(&robot, &sealer).unwrap().is_none());
        robot.settings.0.enable_signature = true;
        assert_eq!(signing_keys(&robot, &sealer).err(), Some(SigningError::Absent));
        let [old, new] = [[1; 24], [2; 24]].map(|bytes| SigningSecret::from_random(&bytes).unwrap());
        let place = signing_place(robot.id);
        robot.secrets.0.signing = sealer.seal(&place, new.reveal()).ok();
        robot.secrets.0.previous_signing = sealer.seal(&place, old.reveal()).ok();
        robot.secrets.0.previous_until_ms = Some(now.millis() + 1_000);
        let keys = signing_keys(&robot, &sealer).unwrap().unwrap();
        for (seconds, is_old_valid) in [(0, true), (1, false)] {
            let at = now.millis() / 1_000 + seconds;
            let headers = keys.headers("dlv_1", at, b"{}");
            let find = |name: &str| headers.iter().find(|(key, _)| *key == name).unwrap().1.clone();
            let verify = |secret: &SigningSecret| {
                secret.verify_webhook(
                    "dlv_1",
                    &find("webhook-timestamp"),
                    &find("webhook-signature"),
                    b"{}",
                    at,
                )
            };
            assert_eq!(verify(&new), Ok(()));
            assert_eq!(verify(&old).is_ok(), is_old_valid);
            assert_eq!(new.verify_body(&find("x-signature"), b"{}"), Ok(()));
        }
        robot.secrets.0.signing = sealer.seal("robots.signing/other", new.reveal()).ok();
        assert_eq!(signing_keys(&robot, &sealer).err(), Some(SigningError::Sealed(SealError::Refused)));
    }
}
