//! Pure: a run of a flow, as the session holds it.
use workbot_schema::fields::Ts;
use workbot_schema::ids::RunId;
use workbot_schema::wire::flow::{NodeRecord, RunStatus, StandardContext};

use super::state::{RunState, Spent, Token};

/// What a run starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSeed {
    /// Its id.
    pub run_id: RunId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The context: robot, session, message and persona filled in.
    pub context: StandardContext,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    /// Stable name of the reason.
    pub code: String,
    /// The node that failed, when it was one.
    pub node_id: Option<String>,
    /// The reason for people.
    pub message: String,
}

/// A run: everything that is stored of it, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What nodes and expressions see.
    pub context: StandardContext,
    /// What only the engine needs.
    pub state: RunState,
    /// Every visit of every node, in the order in which they began.
    pub nodes: Vec<NodeRecord>,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<RunError>,
    /// Ended since they were last taken.
    pub(super) new_nodes: Vec<NodeRecord>,
}

impl Run {
    /// A run that did not begin; `RunEvent::Start` begins it.
    pub fn new(seed: RunSeed) -> Self {
        let RunSeed { run_id, attempt, mut context } = seed;
        context.instance_id = run_id.0.clone();
        let state = RunState {
            run_id,
            attempt,
            visits: 0,
            kept: 0,
            next_token: 0,
            is_end_reached: false,
            tokens: Vec::new(),
            failed_intent: Vec::new(),
            failed_reply: Vec::new(),
            commands: Vec::new(),
            rules: Vec::new(),
            spent: Spent::default(),
            degraded: None,
        };
        Self::restore(context, state, Vec::new(), RunStatus::Running, None)
    }

    /// A run as it was stored.
    pub fn restore(
        context: StandardContext,
        state: RunState,
        nodes: Vec<NodeRecord>,
        status: RunStatus,
        error: Option<RunError>,
    ) -> Self {
        Self { context, state, nodes, status, error, new_nodes: Vec::new() }
    }

    /// When it must be woken with `RunEvent::Due`, if nothing happens before.
    pub fn due_at(&self) -> Option<Ts> {
        self.state.tokens.iter().filter_map(Token::due_at).min()
    }

    /// The visits that ended since this was last called.
    pub fn take_new_nodes(&mut self) -> Vec<NodeRecord> {
        std::mem::take(&mut self.new_nodes)
    }
}
