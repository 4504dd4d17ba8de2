//! Frames on their way out, and what is lost with them when they do not arrive.

/// What a frame tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Nothing that is missed.
    Nothing,
    /// The frame of this id has come.
    Confirm(String),
    /// The command of this id has been carried out.
    Result(String),
    /// A chat with these texts, oldest first.
    Screen { room: String, texts: Vec<String> },
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub text: String,
    pub about: About,
}

/// What happened on the phone, for whoever keeps the books.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A command came under a new id.
    Received(super::Executed),
    /// A command was carried out.
    Executed(super::Executed),
    /// A command came again: confirmed, not carried out.
    Repeated(String),
}
