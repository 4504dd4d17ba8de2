//! What apps let us see, entered into the ledger.
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use crate::command::{Command, Outcome};
use crate::dialect::worktool::{Executed, Witness};
use crate::ledger::Ledger;
use crate::observer::Observer;
use crate::tag::{Tag, TagKind};

/// One for all apps of a fleet.
pub(super) struct Books {
    ledger: Arc<Ledger>,
    /// Carried out, and not known to be reported: content by wire id.
    executed: Mutex<HashMap<String, Command>>,
}

impl Books {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, executed: Mutex::default() }
    }
}

/// The command as the ledger knows it. Its wire id is none of the ids a caller hears of, so it is left out.
fn command(executed: &Executed) -> Command {
    Command {
        id: String::new(),
        attempt: 1,
        priority: 0,
        kind: "worktool".into(),
        number: executed.number,
        params: Value::Object(executed.item.clone()),
        redelivered: false,
        created_at: None,
    }
}

impl Witness for Books {
    fn on_received(&self, link_id: &str, executed: &Executed) {
        self.ledger.on_received(link_id, &command(executed), true);
    }

    fn on_executed(&self, link_id: &str, executed: &Executed) {
        let command = command(executed);
        self.ledger.on_executed(link_id, &command, &Outcome::success(&command));
        if command.tag().is_some() {
            self.executed.lock().insert(executed.message_id.clone(), command);
        }
    }

    fn on_doubled(&self, link_id: &str, message_id: &str) {
        let known = self.executed.lock().get(message_id).cloned();
        let stray = Executed { message_id: message_id.to_owned(), number: 0, item: serde_json::Map::new() };
        self.ledger.on_doubled(link_id, &known.unwrap_or_else(|| command(&stray)));
    }

    fn on_reported(&self, link_id: &str, message_id: &str) {
        if let Some(command) = self.executed.lock().remove(message_id) {
            self.ledger.on_reported(link_id, &command);
        }
    }

    fn on_shown(&self, _link_id: &str, text: &str) {
        if let Some(tag) = Tag::find(text).filter(|tag| tag.kind == TagKind::Message) {
            self.ledger.message_shown(tag);
        }
    }
}
