//! Children of the tree as data.
use super::arbiters::Lane;
use super::backoff::Backoff;
use super::restart::RestartLimit;

/// Whether an actor that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Always, until its restart limit is used up; also after a stop nobody above asked for.
    Permanent,
    /// Never: somebody else starts it anew when there is work for it.
    Temporary,
}

/// How one kind of actor is run. A `const` table of these is the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildSpec {
    pub kind: &'static str,
    pub policy: Policy,
    /// Ignored for temporary actors.
    pub restarts: RestartLimit,
    /// Wait before a restart; ignored for temporary actors.
    pub backoff: Backoff,
    /// Bound of the mailbox in messages, those in progress included.
    pub mailbox_capacity: u32,
    pub lane: Lane,
}
