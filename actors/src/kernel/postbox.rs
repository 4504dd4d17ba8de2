//! Receivers known only by the message they take, so that folders need not know each other's actors.
use std::sync::Arc;

use actix::Message;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::mailbox::{Answer, PostError, Posted, Target};
use super::place::Handling;
use super::stats::ActorStats;

/// Any receiver of `M`; follows its actor across restarts. Cloning is one counter.
pub struct Postbox<M: Message> {
    target: Arc<dyn Target<M>>,
}

impl<M: Message> Clone for Postbox<M> {
    fn clone(&self) -> Self {
        Self { target: Arc::clone(&self.target) }
    }
}

impl<M> Postbox<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// Forgets which actor is behind the reference.
    pub fn new(target: impl Target<M> + 'static) -> Self {
        Self { target: Arc::new(target) }
    }

    /// A postbox emptied by whoever holds the [`Inbox`]: a plain task, or a test in the place of an actor.
    pub fn inbox(kind: &'static str, id: &str, capacity: u32, now: DateTime<Utc>) -> (Self, Inbox<M>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let stats = ActorStats::new(kind, id, None, capacity, now);
        (Self::new(Line { sender, stats }), Inbox { receiver })
    }
}

impl<M> Target<M> for Postbox<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn stats(&self) -> &Arc<ActorStats> {
        self.target.stats()
    }

    fn deliver(&self, message: M) -> Result<(), PostError> {
        self.target.deliver(message)
    }

    fn request(&self, message: M) -> Result<Answer<M::Result>, PostError> {
        self.target.request(message)
    }
}

/// The receiving end of [`Postbox::inbox`].
pub struct Inbox<M: Message> {
    receiver: mpsc::UnboundedReceiver<Delivery<M>>,
}

impl<M: Message> Inbox<M> {
    /// The next message; `None` when every postbox is gone and all was taken.
    pub async fn next(&mut self) -> Option<Delivery<M>> {
        self.receiver.recv().await
    }

    /// The next message if one waits already.
    pub fn try_next(&mut self) -> Option<Delivery<M>> {
        self.receiver.try_recv().ok()
    }
}

/// A message out of an inbox, with the place for its answer if one is awaited.
pub struct Delivery<M: Message> {
    posted: Posted<M>,
    reply: Option<oneshot::Sender<M::Result>>,
}

impl<M: Message> Delivery<M> {
    /// The message, the guard that counts it when dropped, and where the answer goes when one is awaited.
    pub fn open(self, now_ms: u64) -> (M, Handling, Option<oneshot::Sender<M::Result>>) {
        let (message, handling) = self.posted.open(now_ms);
        (message, handling, self.reply)
    }
}

/// The channel is unbounded by itself: the places of the stats are its bound.
struct Line<M: Message> {
    sender: mpsc::UnboundedSender<Delivery<M>>,
    stats: Arc<ActorStats>,
}

impl<M> Line<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn put(&self, message: M, reply: Option<oneshot::Sender<M::Result>>) -> Result<(), PostError> {
        let posted = Posted::new(message, &self.stats)?;
        if let Err(mpsc::error::SendError(delivery)) = self.sender.send(Delivery { posted, reply }) {
            delivery.posted.refuse();
            return Err(PostError::Closed);
        }
        self.stats.record_posted();
        Ok(())
    }
}

impl<M> Target<M> for Line<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn stats(&self) -> &Arc<ActorStats> {
        &self.stats
    }

    fn deliver(&self, message: M) -> Result<(), PostError> {
        self.put(message, None)
    }

    fn request(&self, message: M) -> Result<Answer<M::Result>, PostError> {
        let (reply, answer) = oneshot::channel();
        self.put(message, Some(reply))?;
        Ok(Box::pin(async move { answer.await.ok() }))
    }
}
