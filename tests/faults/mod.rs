//! Everything around the server fails: databases, disks, networks, peers. It stays up or comes back by itself, and nothing that was
//! answered is lost.
mod bad_frames;
mod bad_requests;
mod clock_jump;
mod database_away;
mod database_load;
mod disk_full;
mod half_open;
mod second_server;
mod slow_clients;
mod stop_under_load;
mod storm;

use std::sync::Arc;
use std::time::Duration;

use workbot_robot_sim::platform::Script;
use workbot_robot_sim::schedule::Backoff;
use workbot_robot_sim::{
    Command, Fleet, FleetConfig, Identity, Ledger, Load, Outcome, Phone, Platform, PlatformAnswer,
    PlatformConfig, Report, Rest,
};

use crate::support::server::SOON;

/// Nothing comes on a socket, which is told at once.
const SILENCE: Duration = Duration::from_millis(400);
/// Until a server that was hindered is well again.
const RECOVERY: Duration = Duration::from_secs(60);

/// Confirms, carries out, and waits until the server shows it.
async fn carry_out(phone: &Phone, rest: &Rest, command: &Command) {
    phone.ack(command).await.unwrap();
    phone.result(command, Outcome::success(command)).await.unwrap();
    rest.wait_state(&command.id, SOON, |state| state == "succeeded").await.unwrap();
}

/// One command goes all its way.
async fn one_command(phone: &Phone, rest: &Rest, robot: &str, text: &str) {
    let sent = rest.send_text(robot, &["张三"], text).await.unwrap().expect_ok().unwrap();
    let id = sent.text("/messageId").unwrap();
    let is_this = |incoming: &workbot_robot_sim::phone::Incoming| match &incoming.down {
        workbot_robot_sim::dialect::Down::Command(command) if command.id == id => Some(command.clone()),
        _ => None,
    };
    let command = phone.next_where(SOON, text, is_this).await.unwrap();
    carry_out(phone, rest, &command).await;
}

/// A fleet that sends, chats and is answered, every promise in a book.
struct Traffic {
    fleet: Fleet,
    _platform: Platform,
}

impl Traffic {
    async fn new(url: &str, robots: Vec<Identity>, commands: u32, messages: u32) -> Self {
        let ledger = Arc::new(Ledger::new());
        let reply = PlatformAnswer::Later { text: "re {spoken}".into(), delay: Duration::from_millis(5) };
        let platform = Platform::start(PlatformConfig {
            message: Script::always(reply),
            ledger: Some(Arc::clone(&ledger)),
            reply_deadline: Duration::from_secs(120),
            ..PlatformConfig::default()
        })
        .await
        .unwrap();
        let mut config = FleetConfig::new(url, robots);
        config.ledger = ledger;
        config.reconnect = Backoff {
            first: Duration::from_millis(50),
            max: Duration::from_millis(500),
            stubborn: true,
            ..Backoff::default()
        };
        config.load = Load::Open { per_second: commands };
        config.messages_per_second = messages;
        config.seconds = 600;
        (config.wants_callback, config.wants_reply) = (true, true);
        (config.is_idempotent, config.is_persistent, config.repeat_permille) = (true, true, 50);
        config.state_checks = 100_000;
        let fleet = Fleet::new(config).unwrap();
        fleet.bind(&platform).await.unwrap();
        Self { fleet, _platform: platform }
    }

    /// Load until `stop` is over; then everything must add up.
    async fn run(mut self, name: &str, stop: impl Future<Output = ()>) -> Report {
        let report = self.fleet.run_until(stop).await.unwrap();
        self.fleet.stop().await.unwrap();
        println!("{name}: {report}");
        assert!(report.is_drained, "{report}");
        assert_eq!((report.lost(), report.doubled()), (0, 0), "{report}");
        let commands = &report.ledger.commands;
        assert_eq!((commands.misdirected, commands.out_of_order), (0, 0), "{report}");
        report
    }
}
