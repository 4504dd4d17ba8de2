//! Who may watch what.
use workbot_actors::monitor::event::{Channel, MonitorEvent};
use workbot_actors::monitor::frame::RobotNames;
use workbot_actors::supervisor::directory::Directory;
use workbot_schema::ids::RobotUuid;

use crate::http::auth::session::is_over;
use crate::http::auth::{Action, Caller, Reach, UserToken};
use crate::http::error::ApiResult;
use crate::http::state::AppState;

/// What a channel shows.
pub fn action(channel: Channel) -> Action {
    match channel {
        Channel::Panel1 => Action::ReadMessages,
        Channel::Panel2 => Action::ReadRuns,
        Channel::Alerts => Action::ReadAlerts,
        Channel::Actors => Action::ReadActors,
    }
}

/// How far a person sees in each channel.
pub struct Sight {
    caller: Caller,
    user: UserToken,
    directory: Directory,
}

impl Sight {
    /// The sight of a person.
    pub fn new(user: UserToken, directory: Directory) -> Self {
        Self { caller: Caller::User(user.clone()), user, directory }
    }

    /// Whether the session still goes on and the person is still there, with the same token epoch and role as at the beginning.
    pub async fn is_valid(&self, state: &AppState) -> bool {
        if let Some(session) = &self.user.session {
            let idle_secs = state.settings.users.session_idle_secs;
            match state.user_session(&session.row.token_hash).await {
                Ok(Some(row)) if !is_over(&row, idle_secs, state.now()) => {}
                Ok(_over) => return false,
                // The store does not answer: it is asked again.
                Err(_unknown) => return true,
            }
        }
        match state.user(&self.user.user.id).await {
            Ok(Some(user)) => {
                let known = &self.user.user;
                user.is_active && user.token_epoch == known.token_epoch && user.role == known.role
            }
            Ok(None) => false,
            // The store does not answer: it is asked again.
            Err(_unknown) => true,
        }
    }

    /// Whether a channel may be watched: 403 when not.
    pub fn may(&self, channel: Channel) -> ApiResult<Reach> {
        self.user.may(action(channel))
    }

    /// Whether an event is within reach. Alerts of the server itself are seen by those who see everything.
    pub fn sees(&self, event: &MonitorEvent) -> bool {
        Channel::ALL.into_iter().filter(|channel| event.kind.is_on(*channel)).any(|channel| {
            match (self.may(channel), event.robot) {
                (Ok(Reach::All), _) => true,
                (Ok(reach), Some(robot)) => self
                    .directory
                    .find(robot)
                    .is_some_and(|entry| self.caller.reaches(&entry.profile(), robot, reach)),
                (Ok(_), None) | (Err(_), _) => false,
            }
        })
    }
}

/// Public ids and names of the robots in memory.
pub struct DirectoryNames(pub Directory);

impl RobotNames for DirectoryNames {
    fn find(&self, robot: RobotUuid) -> Option<(String, String)> {
        self.0.find(robot).map(|entry| {
            let profile = entry.profile();
            (profile.robot.robot_id.to_string(), profile.robot.name.clone())
        })
    }
}
