//! Pure: the rooms of a robot that are in memory; the others wait in the store.
use super::memory::ChatMemory;
use super::room::RoomKey;

/// Rooms in memory per robot.
pub const RESIDENT: usize = 32;

/// The rooms used last. Nothing is lost when one leaves: what is kept here was written before.
#[derive(Debug, Default)]
pub struct Rooms {
    /// The one used last stands last; a room that was never seen is remembered as such.
    rooms: Vec<(RoomKey, Option<ChatMemory>)>,
}

impl Rooms {
    /// How many are in memory.
    pub fn count(&self) -> usize {
        self.rooms.len()
    }

    /// The memory of a room, if it is here: `Some(None)` = the store has nothing of it either.
    pub fn get(&mut self, key: &RoomKey) -> Option<Option<&ChatMemory>> {
        let place = self.rooms.iter().position(|(known, _memory)| known == key)?;
        let room = self.rooms.remove(place);
        self.rooms.push(room);
        self.rooms.last().map(|(_key, memory)| memory.as_ref())
    }

    /// Takes in what was read from the store, or what was just written there.
    pub fn put(&mut self, key: RoomKey, memory: Option<ChatMemory>) {
        self.rooms.retain(|(known, _memory)| *known != key);
        self.rooms.push((key, memory));
        if self.rooms.len() > RESIDENT {
            self.rooms.remove(0);
        }
    }

    /// Forgets a room whose write failed or is not known: it is read again.
    pub fn forget(&mut self, key: &RoomKey) {
        self.rooms.retain(|(known, _memory)| known != key);
    }
}
