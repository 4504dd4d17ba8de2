//! The root of the tree: starts its children and hears of those that stay down.
use std::sync::Arc;

use actix::{Actor, Context};
use tokio::sync::watch;

use super::tree;
use crate::kernel::{ActorRef, ActorStats, ChildSpec, Ended, Kernel, supervise};

/// Starts permanent actors below the root.
pub struct Root {
    kernel: Kernel,
    /// The first child that stayed down.
    pub fatal: watch::Sender<Option<Ended>>,
}

impl Root {
    /// A root without children.
    pub fn new(kernel: Kernel) -> Self {
        Self { kernel, fatal: watch::channel(None).0 }
    }

    /// Starts a child, which is called as its kind is.
    pub fn start<A>(
        &self,
        spec: &ChildSpec,
        factory: impl Fn(Arc<ActorStats>) -> A + Send + 'static,
    ) -> ActorRef<A>
    where
        A: Actor<Context = Context<A>>,
    {
        let fatal = self.fatal.clone();
        let on_end = Box::new(move |ended| {
            fatal.send_replace(Some(ended));
        });
        let parent = Some(Arc::from(tree::ROOT));
        supervise(&self.kernel, spec, spec.kind, parent, move |_ctx, stats| factory(stats), on_end)
    }
}
