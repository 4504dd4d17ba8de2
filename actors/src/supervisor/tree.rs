//! The tree as data.
//!
//! | kind | policy | lane | when its mailbox is full |
//! |---|---|---|---|
//! | journal | permanent | core | it has none: writes wait in its lines, then `unavailable` |
//! | router | permanent | core | the journal waits before its next batch; askers are refused |
//! | sweep | permanent | core | a tick is left out; the next one finds the same |
//! | janitor | permanent | io | a tick is left out |
//! | alert | permanent | io | the batch of events is missed and counted; rows that are due are found again |
//! | monitor | permanent | core | the batch is missed and counted; viewers are told of the gap |
//! | providers | permanent | io | events are missed; the store is read again within 5 s |
//! | provider | permanent | io | the question goes to the next model |
//! | delivery | temporary | work | the store has the delivery; the sweep sends it again |
//! | cloud_robot | temporary | io | an order is dropped; the sweep wakes and tells again |
//! | session | temporary | work | "there is more" stays a flag; the store has it, and the sweep |
//! | robot | temporary | its HTTP worker | "there is work" stays a flag; a robot that does not take `Close` is detached |
//!
//! Permanent actors that end too often end the process; temporary ones are born again by the next connect or delivery.
use std::time::Duration;

use crate::kernel::{Backoff, ChildSpec, Lane, Policy, RestartLimit};

/// Id of the root in the rows of its children.
pub const ROOT: &str = "root";
/// Id of the router, the parent of endpoints and robots.
pub const ROUTER_ID: &str = "router";

/// Five restarts within a minute, then the one above has to know.
const LIMIT: RestartLimit = RestartLimit { max: 5, within: Duration::from_secs(60) };
const BACKOFF: Backoff = Backoff { min: Duration::from_millis(50), max: Duration::from_secs(5) };

/// The single writer.
pub const JOURNAL: ChildSpec = ChildSpec {
    kind: "journal",
    policy: Policy::Permanent,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: 16,
    lane: Lane::Core,
};

/// Events in, messages out.
pub const ROUTER: ChildSpec = ChildSpec {
    kind: "router",
    policy: Policy::Permanent,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: 8_192,
    lane: Lane::Core,
};

/// What is due.
pub const SWEEP: ChildSpec = ChildSpec {
    kind: "sweep",
    policy: Policy::Permanent,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: 16,
    lane: Lane::Core,
};

/// Checkpoints and retention.
pub const JANITOR: ChildSpec = ChildSpec {
    kind: "janitor",
    policy: Policy::Permanent,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: 16,
    lane: Lane::Io,
};

/// Rules and notifications.
pub const ALERT: ChildSpec = ChildSpec {
    kind: "alert",
    policy: Policy::Permanent,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: crate::alert::MAILBOX,
    lane: Lane::Io,
};

/// Models and rules as the store has them.
pub const PROVIDERS: ChildSpec = ChildSpec {
    kind: crate::provider::desk::DESK_ID,
    policy: Policy::Permanent,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: 1_024,
    lane: Lane::Io,
};

/// One model. The desk starts it; one that ends too often shuts its own gate and ends nobody else.
pub const PROVIDER: ChildSpec = crate::provider::actor::SPEC;

/// Callbacks to one endpoint.
pub const ENDPOINT: ChildSpec = crate::delivery::endpoint::SPEC;

/// A robot on a hosted platform.
pub const CLOUD_ROBOT: ChildSpec = crate::cloud::SPEC;

/// A conversation.
pub const SESSION: ChildSpec = crate::session::SPEC;

/// A connected robot. Started by its upgrade on an HTTP worker, so only observed: the lane says who it answers to.
pub const ROBOT: ChildSpec = ChildSpec {
    kind: "robot",
    policy: Policy::Temporary,
    restarts: LIMIT,
    backoff: BACKOFF,
    mailbox_capacity: crate::robot::MAILBOX,
    lane: Lane::Work,
};

/// Live events.
pub const MONITOR: ChildSpec = crate::monitor::SPEC;

/// Every kind, in the order of start.
pub const TREE: [ChildSpec; 12] = [
    JOURNAL,
    ROUTER,
    SWEEP,
    JANITOR,
    ALERT,
    MONITOR,
    PROVIDERS,
    PROVIDER,
    ENDPOINT,
    SESSION,
    CLOUD_ROBOT,
    ROBOT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_distinct_and_bounded() {
        let kinds: std::collections::HashSet<_> = TREE.iter().map(|spec| spec.kind).collect();
        assert_eq!(kinds.len(), TREE.len());
        assert!(TREE.iter().all(|spec| spec.mailbox_capacity > 0));
        let permanent = TREE.iter().filter(|spec| spec.policy == Policy::Permanent);
        assert!(permanent.into_iter().all(|spec| spec.restarts == LIMIT));
    }
}
