//! Pull mode: the reply to a message is fetched: `GET {pullUrl}?robotId&messageId`, again and again until there is one.
//!
//! With a `callbackUrl` the pull follows a callback that was taken without a reply. Without one the message's delivery names the
//! `pullUrl` itself, and the pull is all there is.
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;
use workbot_schema::class::Class;
use workbot_schema::deliveries::{Delivery, DeliveryKind};
use workbot_schema::robots::{Robot, RobotSettings};

use super::DeliveryParts;
use super::attempt::{Call, Step, conclude, sender};
use super::outcome::Attempted;
use super::reply::{Answer, Content};
use super::schedule::{CallbackKind, Verdict};
use super::slot::Slot;
use crate::kernel::clock::millis;

/// Whether nothing is posted and the reply is only fetched.
pub fn is_pull_only(delivery: &Delivery, settings: &RobotSettings) -> bool {
    delivery.kind == DeliveryKind::Message
        && present(&settings.callback_url).is_none()
        && present(&settings.pull_url) == Some(delivery.url.as_str())
}

/// Whether a reply is fetched after this callback.
pub fn wants_pull(delivery: &Delivery, settings: &RobotSettings, attempted: &Attempted) -> bool {
    delivery.kind == DeliveryKind::Message
        && present(&settings.pull_url).is_some()
        && attempted.verdict.is_delivered()
        && attempted.answer.content == Content::Absent
}

fn present(url: &Option<String>) -> Option<&str> {
    url.as_deref().map(str::trim).filter(|url| !url.is_empty())
}

/// The address to ask; `None` when the URL cannot be read.
pub fn pull_address(pull_url: &str, robot: &Robot, delivery: &Delivery) -> Option<String> {
    let mut url = Url::parse(pull_url).ok()?;
    let message_id = delivery.message_id.as_ref().map_or("", |id| id.as_str());
    url.query_pairs_mut()
        .append_pair("robotId", robot.robot_id.as_str())
        .append_pair("messageId", message_id);
    Some(url.into())
}

/// Fetches until there is a reply or the time is over, and writes down what came of it. `posted` is the callback before, if
/// there was one; `gate` bounds the calls under way to one endpoint.
pub(super) async fn run(
    parts: DeliveryParts,
    slot: Arc<Slot>,
    gate: Arc<Semaphore>,
    delivery: Arc<Delivery>,
    posted: Option<Attempted>,
) -> Step {
    let robot = match parts.profile(delivery.robot_uuid).await {
        Ok(Some(profile)) => profile,
        Ok(None) => return Step::Orphaned,
        Err(error) => return Step::forgotten(&delivery, &error),
    };
    let (pulled, slowest_ms) = fetch(&parts, &gate, &robot.robot, &delivery).await;
    let attempted = match posted {
        // The health of the endpoint is that of its own URL.
        Some(posted) => Attempted {
            error: pulled.error,
            response: if pulled.response.is_empty() { posted.response } else { pulled.response },
            answer: pulled.answer,
            is_unanswered: pulled.is_unanswered,
            ..posted
        },
        None => {
            let is_alive = pulled.status.is_some_and(is_success);
            if let Some(duration_ms) = slowest_ms {
                Call { is_alive, duration_ms }.report(&parts, &slot);
            }
            pulled
        }
    };
    conclude(&parts, &slot, &delivery, &robot, &attempted).await
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Asks until there is a reply; what came, and the milliseconds of the slowest call, if any was made.
async fn fetch(
    parts: &DeliveryParts,
    gate: &Semaphore,
    robot: &Robot,
    delivery: &Delivery,
) -> (Attempted, Option<u64>) {
    let (settings, started, mut slowest_ms) = (&parts.settings, Instant::now(), None);
    let until = started + settings.pull_timeout;
    let mut last = Attempted {
        status: None,
        error: Some(format!("no reply within {} s", settings.pull_timeout.as_secs())),
        response: String::new(),
        duration_ms: 0,
        verdict: Verdict::of_failure(Class::Permanent),
        answer: Answer::default(),
        is_unanswered: true,
    };
    let address = present(&robot.settings.0.pull_url).and_then(|url| pull_address(url, robot, delivery));
    let headers = sender(parts, robot, delivery, &[]);
    let (Some(address), Ok(headers)) = (address, headers) else {
        let error = "the pull address or the signing secret cannot be used".to_owned();
        return (Attempted { error: Some(error), ..last }, None);
    };
    loop {
        let Ok(permit) = gate.acquire().await else { return (last, slowest_ms) };
        let outcome = parts.http.get(&address, &headers, settings.budget).await;
        drop(permit);
        slowest_ms = slowest_ms.max(Some(outcome.duration_ms));
        last.duration_ms = millis(started.elapsed());
        last.status = outcome.status().or(last.status);
        let answer = Answer::read(outcome.body());
        // Anything but a reply (an error, another code, no data) means: not yet.
        if outcome.status().is_some_and(is_success) && answer.code == 0 && answer.content != Content::Absent {
            let replied = Attempted {
                error: None,
                response: String::from_utf8_lossy(outcome.body()).into_owned(),
                verdict: Verdict::of_answer(CallbackKind::Message, 200, outcome.body()),
                answer,
                is_unanswered: false,
                ..last
            };
            return (replied, slowest_ms);
        }
        if Instant::now() + settings.pull_interval >= until {
            return (last, slowest_ms);
        }
        tokio::time::sleep(settings.pull_interval).await;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use workbot_schema::fields::Ts;
    use workbot_schema::robots::RobotKind;

    use super::*;
    use crate::delivery::replay::test_event;

    #[test]
    fn the_settings_decide_what_is_posted_and_what_is_fetched() {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let robot = Robot::new(RobotKind::Native, "r".to_owned(), None, now);
        // callbackUrl, pullUrl → where the message goes, and whether that is a pull
        let table = [
            (None, None, None, false),
            (Some("https://a/"), None, Some("https://a/"), false),
            (Some("https://a/"), Some("https://p/"), Some("https://a/"), false),
            (Some(" "), Some("https://p/"), Some("https://p/"), true),
            (None, Some("https://p/"), Some("https://p/"), true),
            (Some("https://p/"), Some("https://p/"), Some("https://p/"), false),
        ];
        for (callback, pull, url, is_pull) in table {
            let settings = RobotSettings {
                callback_url: callback.map(str::to_owned),
                pull_url: pull.map(str::to_owned),
                open_callback: 1,
                ..RobotSettings::default()
            };
            assert_eq!(settings.message_url(), url);
            let mut delivery = test_event(&robot, url.unwrap_or_default(), "dlv_1".into(), now);
            assert!(!is_pull_only(&delivery, &settings));
            delivery.kind = DeliveryKind::Message;
            assert_eq!(is_pull_only(&delivery, &settings), is_pull, "{callback:?} {pull:?}");
        }
    }

    #[test]
    fn the_address_keeps_its_own_query() {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let mut robot = Robot::new(RobotKind::Native, "r".to_owned(), None, now);
        robot.robot_id = "robot_1".into();
        let mut delivery = test_event(&robot, "https://x.example/", "dlv_1".into(), now);
        delivery.message_id = Some("msg 1&".into());
        let address = pull_address("https://x.example/pull?key=a", &robot, &delivery).unwrap();
        assert_eq!(address, "https://x.example/pull?key=a&robotId=robot_1&messageId=msg+1%26");
        assert_eq!(pull_address("nonsense", &robot, &delivery), None);
    }
}
