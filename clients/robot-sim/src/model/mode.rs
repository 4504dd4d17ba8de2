//! What a model does with a question.
use std::collections::VecDeque;
use std::time::Duration;

/// One way to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// A good answer at once.
    Ok,
    /// Exactly this text, in the form of the wire.
    Text(String),
    /// The other way after a delay.
    After(Duration, Box<Mode>),
    /// An HTTP status with an error body as the services write it.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    TooMany(u64),
    /// 402: no credit left.
    NoCredit,
    /// 200 with an error in the body.
    ErrorBody,
    /// Nothing; the connection stays open.
    Hang,
    /// The connection is closed without an answer.
    Drop,
    /// 200 with something that is no JSON.
    Garbage,
    /// 200 with a stream of events nobody asked for.
    Stream,
    /// 200 and a body that never ends, one chunk each pause.
    Endless(Duration),
    /// A good form with an empty text.
    Empty,
    /// A good form with a text of so many bytes.
    Huge(usize),
    /// Where JSON is wanted, a sentence.
    NotJson,
}

impl Mode {
    /// A good answer after a delay.
    pub fn slow(delay: Duration) -> Self {
        Self::After(delay, Box::new(Self::Ok))
    }
}

/// The answers of one model: a list used up from the front, then `rest` for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelScript {
    pub first: VecDeque<Mode>,
    pub rest: Mode,
}

impl ModelScript {
    /// The same way always.
    pub fn always(rest: Mode) -> Self {
        Self { first: VecDeque::new(), rest }
    }

    /// These ways one after the other, then `rest`.
    pub fn list(first: impl IntoIterator<Item = Mode>, rest: Mode) -> Self {
        Self { first: first.into_iter().collect(), rest }
    }

    /// The next way.
    pub fn take_next(&mut self) -> Mode {
        self.first.pop_front().unwrap_or_else(|| self.rest.clone())
    }
}
