//! Pure: whether a robot counts as there, judged once a second from when it was heard last.
use super::directory::{Presence, PresenceReason};

/// What the judgement looks at; times are monotonic milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Whether a socket is attached.
    pub is_connected: bool,
    /// What it counted as so far.
    pub presence: Presence,
    /// Since when.
    pub since_ms: u64,
    /// When something came last.
    pub last_frame_ms: u64,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// All as it was.
    Same,
    /// It counts as this from now on.
    Becomes(Presence, PresenceReason),
    /// Its socket is asked for a sign of life.
    Probe,
    /// Its socket is given up.
    GiveUp,
}

/// A silent socket is asked again after this, milliseconds.
const PROBE_EVERY_MS: u64 = 5_000;

/// Judges at `now_ms`; `offline_ms` = silence after which a robot is away, `tick_ms` = time since the judgement before.
pub fn judge(heard: Heard, offline_ms: u64, tick_ms: u64, now_ms: u64) -> Judgement {
    let silence_ms = now_ms.saturating_sub(heard.last_frame_ms);
    let is_fresh = silence_ms < offline_ms;
    let was_heard_since = heard.last_frame_ms > heard.since_ms;
    match (heard.is_connected, heard.presence) {
        (true, _) if !is_fresh => Judgement::GiveUp,
        (true, Presence::Online) => {
            let over_ms = silence_ms.checked_sub(offline_ms / 2);
            let is_turn = over_ms.is_some_and(|over_ms| over_ms % PROBE_EVERY_MS < tick_ms);
            if is_turn { Judgement::Probe } else { Judgement::Same }
        }
        (true, Presence::Unknown | Presence::Offline) => {
            Judgement::Becomes(Presence::Online, PresenceReason::Connected)
        }
        (false, Presence::Online) if is_fresh => Judgement::Same,
        (false, Presence::Unknown | Presence::Offline) if is_fresh && was_heard_since => {
            Judgement::Becomes(Presence::Online, PresenceReason::Heard)
        }
        (false, Presence::Unknown) if now_ms.saturating_sub(heard.since_ms) < offline_ms => Judgement::Same,
        (false, Presence::Online | Presence::Unknown) => {
            Judgement::Becomes(Presence::Offline, PresenceReason::Silent)
        }
        (false, Presence::Offline) => Judgement::Same,
    }
}

/// Whether third parties are to be told: the state has held for `debounce_ms` and differs from the last one told.
pub fn is_news(presence: Presence, held_ms: u64, told: Option<&str>, debounce_ms: u64) -> bool {
    let differs = match presence {
        Presence::Unknown => false,
        Presence::Online => told != Some("online"),
        // A robot that was never told to be there is not told to be gone.
        Presence::Offline => told == Some("online"),
    };
    differs && held_ms >= debounce_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_news_that_held_is_told() {
        use Presence::{Offline, Online, Unknown};
        for (presence, held_ms, told, expected) in [
            (Online, 9_999, None, false),
            (Online, 10_000, None, true),
            (Online, 10_000, Some("offline"), true),
            (Online, 60_000, Some("online"), false),
            (Offline, 9_999, Some("online"), false),
            (Offline, 10_000, Some("online"), true),
            (Offline, 60_000, Some("offline"), false),
            (Offline, 60_000, None, false),
            (Unknown, 60_000, Some("online"), false),
        ] {
            assert_eq!(is_news(presence, held_ms, told, 10_000), expected, "{presence:?} {held_ms} {told:?}");
        }
    }

    #[test]
    fn table() {
        use Presence::{Offline, Online, Unknown};
        let online = |reason| Judgement::Becomes(Online, reason);
        let offline = Judgement::Becomes(Offline, PresenceReason::Silent);
        for (name, is_connected, presence, since_ms, last_frame_ms, now_ms, expected) in [
            ("exactly half the time", true, Online, 0, 85_000, 100_000, Judgement::Probe),
            ("a second later", true, Online, 0, 84_000, 100_000, Judgement::Same),
            ("talks", true, Online, 0, 99_000, 100_000, Judgement::Same),
            ("silent for half the time", true, Online, 0, 84_500, 100_000, Judgement::Probe),
            ("probed a moment ago", true, Online, 0, 82_500, 100_000, Judgement::Same),
            ("probed again", true, Online, 0, 79_500, 100_000, Judgement::Probe),
            ("silent for all of it", true, Online, 0, 70_000, 100_000, Judgement::GiveUp),
            (
                "connected, not yet noted",
                true,
                Unknown,
                0,
                99_000,
                100_000,
                online(PresenceReason::Connected),
            ),
            ("by requests only", false, Online, 0, 80_000, 100_000, Judgement::Same),
            ("requests ended", false, Online, 0, 70_000, 100_000, offline),
            ("request after offline", false, Offline, 90_000, 95_000, 100_000, online(PresenceReason::Heard)),
            ("closed a moment ago", false, Offline, 99_000, 98_000, 100_000, Judgement::Same),
            ("just loaded", false, Unknown, 90_000, 90_000, 100_000, Judgement::Same),
            ("loaded and heard", false, Unknown, 90_000, 95_000, 100_000, online(PresenceReason::Heard)),
            ("never came back", false, Unknown, 70_000, 70_000, 100_000, offline),
            ("long gone", false, Offline, 0, 0, 100_000, Judgement::Same),
        ] {
            let heard = Heard { is_connected, presence, since_ms, last_frame_ms };
            assert_eq!(judge(heard, 30_000, 1_000, now_ms), expected, "{name}");
        }
    }
}
