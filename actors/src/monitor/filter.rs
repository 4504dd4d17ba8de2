//! Pure: what a viewer wants to see of a channel.
use workbot_schema::ids::RobotUuid;

use super::event::{MonitorEvent, Source};

/// What a channel is narrowed to; an empty filter lets everything pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One robot.
    pub robot: Option<RobotUuid>,
    /// A part of the name of the group.
    pub group: Option<String>,
    /// A part of the name of who wrote or who is written to.
    pub user: Option<String>,
    /// A state of the row.
    pub status: Option<String>,
}

impl Filter {
    /// Whether an event passes.
    pub fn passes(&self, event: &MonitorEvent) -> bool {
        self.robot.is_none_or(|robot| event.robot == Some(robot))
            && self.group.as_deref().is_none_or(|group| names_group(event, group))
            && self.user.as_deref().is_none_or(|user| names_user(event, user))
            && self.status.as_deref().is_none_or(|status| status == status_of(event))
    }
}

/// The state of the row behind an event, as lists write it.
pub fn status_of(event: &MonitorEvent) -> &'static str {
    match &event.source {
        Source::Message(_) => "received",
        Source::Command(command) => command.state.as_str(),
        Source::Run(run, None) => run.status.as_str(),
        Source::Run(_, Some(_)) => event.node().map_or("completed", |node| node.status.as_str()),
        Source::Alert(alert) => alert.status.as_str(),
        Source::Notification(notification) => notification.state.as_str(),
    }
}

fn names_group(event: &MonitorEvent, group: &str) -> bool {
    match &event.source {
        Source::Message(message) => {
            message.group_name.contains(group) || message.group_remark.contains(group)
        }
        Source::Command(command) => command.item.contains(group),
        Source::Run(..) | Source::Alert(_) | Source::Notification(_) => false,
    }
}

fn names_user(event: &MonitorEvent, user: &str) -> bool {
    match &event.source {
        Source::Message(message) => message.received_name.contains(user),
        Source::Command(command) => command.item.contains(user),
        Source::Run(..) | Source::Alert(_) | Source::Notification(_) => false,
    }
}
