//! Ids on the wire: a command's own id, and another one for each retry, because the app takes an id only once.
use workbot_schema::ids::CommandId;

/// What stands between id and attempt; ids of ours do not have it.
const MARK: char = '#';

/// The wire id of an attempt.
pub fn of(id: &CommandId, attempt: i32) -> String {
    if attempt <= 1 { id.0.clone() } else { format!("{id}{MARK}{attempt}") }
}

/// The command and attempt behind a wire id.
pub fn read(wire_id: &str) -> (CommandId, i32) {
    if let Some((id, attempt)) = wire_id.rsplit_once(MARK)
        && let Ok(attempt @ 2..=99) = attempt.parse()
    {
        return (CommandId::from(id), attempt);
    }
    (CommandId::from(wire_id), 1)
}
