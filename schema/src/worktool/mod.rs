//! What WorkTool phones let us know by and by: chats they showed, their own names, contacts, groups.
//!
//! Names are all there is: the app knows neither people nor groups by an id.
pub mod chats;
pub mod cloud_sends;
pub mod contacts;
pub mod groups;
pub mod members;
pub mod phones;
pub mod sent_items;
pub mod unfinished;

use diesel::result::Error as DieselError;

use self::chats::WorktoolChat;
use self::cloud_sends::CloudSend;
use self::contacts::ContactSource;
use self::groups::GroupFacts;
use self::phones::PhoneFacts;
use crate::fields::Ts;
use crate::for_both;
use crate::ids::RobotUuid;

/// Longest name that is kept, characters.
pub const NAME_CHARS: usize = 255;

/// Something to keep.
#[derive(Debug, Clone, PartialEq)]
pub enum WorktoolFact {
    /// What is remembered of a room's screen. It stands before the messages of its snapshot in their write.
    Chat(WorktoolChat),
    /// Of the phone itself.
    Phone(PhoneFacts),
    /// People it knows.
    Contacts(Vec<String>, ContactSource),
    /// Of a group.
    Group(GroupFacts),
    /// The hosted platform took these commands in one call.
    CloudSent(Vec<CloudSend>),
}

for_both! {
    use {
        crate::worktool::chats => chats,
        crate::worktool::cloud_sends => cloud_sends,
        crate::worktool::contacts => contacts,
        crate::worktool::groups => groups,
        crate::worktool::phones => phones,
    }

    /// Keeps it.
    pub async fn learn(connection: &mut Conn, robot: RobotUuid, fact: &WorktoolFact, now: Ts) -> Result<(), DieselError> {
        match fact {
            WorktoolFact::Chat(chat) => chats::save(connection, chat).await?,
            WorktoolFact::CloudSent(sends) => cloud_sends::save(connection, sends).await?,
            WorktoolFact::Phone(facts) => phones::learn(connection, robot, facts, now).await?,
            WorktoolFact::Contacts(names, source) => {
                contacts::ensure(connection, robot, names, *source, now).await?;
            }
            WorktoolFact::Group(facts) => {
                groups::learn(connection, robot, facts, now).await?;
            }
        }
        Ok(())
    }
}

/// A name as it is stored.
fn stored(name: &str) -> String {
    name.trim()
        .chars()
        .take(NAME_CHARS)
        .map(|letter| if letter == '\0' { '\u{fffd}' } else { letter })
        .collect()
}
