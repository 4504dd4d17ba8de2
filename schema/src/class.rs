//! How a failure is treated, whatever boundary it comes from.

/// Class of a failure: retry, breaker, alerts and HTTP status look only at this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// May work when tried again: time-out, connection lost, database away, disk full.
    Transient,
    /// Will not work when tried again with the same input and state.
    Permanent,
    /// The caller sent something wrong and can mend it.
    Caller,
    /// Our own mistake: logged as an error, shown as an internal failure.
    Bug,
}
