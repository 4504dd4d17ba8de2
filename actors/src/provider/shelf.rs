//! The models as everybody sees them: one map, written by the desk, read without a message.
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use workbot_schema::ids::ModelId;

use super::actor::ProviderActor;
use super::chain::Candidate;
use super::clients::rules::Rules;
use super::slot::Slot;
use super::spec::ModelSpec;
use crate::kernel::ActorRef;

/// One model: what is known of it, and its actor when it can be called.
#[derive(Clone)]
pub struct Shelved {
    /// Gate and memory.
    pub slot: Arc<Slot>,
    /// The model as it is called.
    pub spec: Arc<ModelSpec>,
    /// Who calls it.
    pub actor: ActorRef<ProviderActor>,
}

/// All models at one time.
#[derive(Clone, Default)]
pub struct Models {
    /// By id.
    pub by_id: HashMap<ModelId, Shelved>,
    /// The same, as the choice needs them.
    pub candidates: Vec<Candidate>,
}

impl Models {
    /// The models of a map.
    pub fn new(by_id: HashMap<ModelId, Shelved>) -> Self {
        let candidates = by_id.values().map(|shelved| shelved.spec.candidate.clone()).collect();
        Self { by_id, candidates }
    }
}

/// The shared map; clones share it.
#[derive(Clone)]
pub struct Shelf {
    models: Arc<RwLock<Arc<Models>>>,
    rules: Arc<RwLock<Arc<Rules>>>,
}

impl Shelf {
    /// No model yet, only rules.
    pub fn new(rules: Rules) -> Self {
        Self { models: Arc::default(), rules: Arc::new(RwLock::new(Arc::new(rules))) }
    }

    /// The models as they are now.
    pub fn models(&self) -> Arc<Models> {
        Arc::clone(&self.models.read())
    }

    /// The rules as they are now.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read())
    }

    pub(super) fn set_models(&self, models: Models) {
        *self.models.write() = Arc::new(models);
    }

    pub(super) fn set_rules(&self, rules: Rules) {
        *self.rules.write() = Arc::new(rules);
    }
}
