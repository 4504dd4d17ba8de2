//! Who may do what: one table.
use serde::Serialize;
use workbot_schema::platform_keys::Scope;
use workbot_schema::users::Role;

/// Which objects a role reaches by an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// None: 403.
    None,
    /// Own ones.
    Own,
    /// Own and assigned ones.
    Assigned,
    /// All.
    All,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See a robot and its statistics.
    ReadRobot,
    /// Make a robot.
    CreateRobot,
    /// Change or delete a robot, assign members.
    WriteRobot,
    /// Switch a robot on or off, show its link id.
    ManageRobot,
    /// Close a robot's socket.
    KickRobot,
    /// robotInfo routes: callbacks, reply mode, signing.
    Configure,
    /// Send a chat message by `send-message`.
    Send,
    /// Make any command.
    Command,
    /// See commands.
    ReadCommands,
    /// Cancel or reorder commands.
    CancelCommand,
    /// Send a command once more.
    ResendCommand,
    /// See messages.
    ReadMessages,
    /// Take a chat over, or give it back.
    TakeOver,
    /// See callbacks and their endpoints.
    ReadDeliveries,
    /// Make a callback once more, resume an endpoint.
    ReplayDelivery,
    /// Platform keys of one's own.
    PlatformKeys,
    /// See runs of flows.
    ReadRuns,
    /// Run a flow once more.
    RetryRun,
    /// See alerts.
    ReadAlerts,
    /// Acknowledge and resolve alerts.
    HandleAlerts,
    /// See models, personas, templates, flows, alert rules, channels.
    ReadDesign,
    /// Change them; use the debugger.
    WriteDesign,
    /// See actors.
    ReadActors,
    /// Stop and restart actors.
    ControlActors,
    /// Activation codes and device bindings.
    ActivationCodes,
    /// Users and roles.
    Users,
    /// See the audit log.
    ReadAudit,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// What.
    pub action: Action,
    /// Whether the robot itself may, with its access token.
    pub robot: bool,
    /// The scope a platform key needs; none = no platform key may.
    pub scope: Option<Scope>,
    /// Whether only a robot that may serve (enabled, in its service time) takes part.
    pub needs_service: bool,
    /// Reach of admin, operator, developer, viewer, user.
    pub roles: [Reach; 5],
}

const fn grant(
    action: Action,
    robot: bool,
    scope: Option<Scope>,
    needs_service: bool,
    roles: [Reach; 5],
) -> Grant {
    Grant { action, robot, scope, needs_service, roles }
}

use Action as A;
use Reach::{All, Assigned, None as No, Own};

/// The table. Roles: admin, operator, developer, viewer, user.
#[rustfmt::skip]
pub const GRANTS: [Grant; 27] = [
    //     action             robot  platform key scope       service  admin operator  developer viewer user
    grant(A::ReadRobot,       true,  Some(Scope::Robots),     false, [All, Assigned, Assigned, All, Own]),
    grant(A::CreateRobot,     false, None,                    false, [All, No,       No,       No,  Own]),
    grant(A::WriteRobot,      false, None,                    false, [All, No,       No,       No,  Own]),
    grant(A::ManageRobot,     false, None,                    false, [All, No,       No,       No,  Own]),
    grant(A::KickRobot,       false, None,                    false, [All, Assigned, No,       No,  Own]),
    grant(A::Configure,       true,  Some(Scope::Config),     true,  [All, No,       No,       No,  Own]),
    grant(A::Send,            true,  Some(Scope::Send),       true,  [All, Assigned, No,       No,  Own]),
    grant(A::Command,         true,  Some(Scope::Commands),   true,  [All, Assigned, No,       No,  Own]),
    grant(A::ReadCommands,    true,  Some(Scope::Commands),   true,  [All, Assigned, Assigned, All, Own]),
    grant(A::CancelCommand,   true,  Some(Scope::Commands),   true,  [All, Assigned, No,       No,  Own]),
    grant(A::ResendCommand,   false, None,                    true,  [All, Assigned, No,       No,  Own]),
    grant(A::ReadMessages,    false, Some(Scope::Messages),   false, [All, Assigned, Assigned, All, Own]),
    grant(A::TakeOver,        false, None,                    true,  [All, Assigned, No,       No,  Own]),
    grant(A::ReadDeliveries,  false, Some(Scope::Callbacks),  false, [All, Assigned, Assigned, All, Own]),
    grant(A::ReplayDelivery,  false, Some(Scope::Callbacks),  true,  [All, Assigned, No,       No,  Own]),
    grant(A::PlatformKeys,    false, None,                    false, [All, No,       No,       No,  Own]),
    grant(A::ReadRuns,        false, None,                    false, [All, Assigned, Assigned, All, Own]),
    grant(A::RetryRun,        false, None,                    true,  [All, No,       Assigned, No,  Own]),
    grant(A::ReadAlerts,      false, None,                    false, [All, Assigned, Assigned, All, Own]),
    grant(A::HandleAlerts,    false, None,                    false, [All, Assigned, No,       No,  Own]),
    grant(A::ReadDesign,      false, None,                    false, [All, All,      All,      All, All]),
    grant(A::WriteDesign,     false, None,                    false, [All, No,       All,      No,  No]),
    grant(A::ReadActors,      false, None,                    false, [All, All,      All,      All, No]),
    grant(A::ControlActors,   false, None,                    false, [All, No,       No,       No,  No]),
    grant(A::ActivationCodes, false, None,                    false, [All, No,       No,       No,  No]),
    grant(A::Users,           false, None,                    false, [All, No,       No,       No,  No]),
    grant(A::ReadAudit,       false, None,                    false, [All, No,       No,       No,  No]),
];

/// The line of an action.
pub fn find_grant(action: Action) -> Option<&'static Grant> {
    GRANTS.iter().find(|grant| grant.action == action)
}

/// How far a role reaches by an action; what is not in the table reaches nothing.
pub fn reach(role: Role, action: Action) -> Reach {
    let Some(grant) = find_grant(action) else { return Reach::None };
    let [admin, operator, developer, viewer, user] = grant.roles;
    match role {
        Role::Admin => admin,
        Role::Operator => operator,
        Role::Developer => developer,
        Role::Viewer => viewer,
        Role::User => user,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_line() {
        for grant in GRANTS {
            let lines = GRANTS.iter().filter(|other| other.action == grant.action).count();
            assert_eq!(lines, 1, "{:?}", grant.action);
        }
    }

    #[test]
    fn admins_do_everything_and_viewers_change_nothing() {
        for grant in GRANTS {
            assert_eq!(reach(Role::Admin, grant.action), Reach::All);
            let is_reading = format!("{:?}", grant.action).starts_with("Read");
            if !is_reading {
                assert_eq!(reach(Role::Viewer, grant.action), Reach::None, "{:?}", grant.action);
            }
        }
        assert_eq!(reach(Role::Operator, Action::Command), Reach::Assigned);
        assert_eq!(reach(Role::User, Action::ReadAudit), Reach::None);
        assert_eq!(reach(Role::Viewer, Action::ReadAudit), Reach::None);
    }
}
