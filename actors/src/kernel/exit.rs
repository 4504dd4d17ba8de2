//! How actors end.
pub use workbot_schema::wire::actor_snapshot::ExitReason;

/// An actor that will not come back: a temporary one that ended, or a permanent one that ended too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub kind: &'static str,
    pub id: String,
    pub reason: ExitReason,
    pub restarts: u32,
}

/// Called once for an actor that will not come back, on the arbiter it lived on; must return quickly.
pub type OnEnd = Box<dyn FnOnce(Ended) + Send>;

/// How the thread's present unwinding, if any, is called when it is seen from a destructor.
pub(super) fn reason_of_drop() -> ExitReason {
    if std::thread::panicking() { ExitReason::Panicked } else { ExitReason::Stopped }
}
