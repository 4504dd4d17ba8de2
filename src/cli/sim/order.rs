//! Pure: what a run of simulated phones is asked to be, from what was typed.
use std::path::PathBuf;
use std::time::Duration;

use workbot_robot_sim::{AppFaults, FleetConfig, Identity, Load};

use super::super::args::{SimArgs, SimDialect};
use super::super::error::CliError;

/// Phones when neither their number nor their codes are given.
const ROBOTS: u32 = 10;
/// Of how many commands one chat message is said.
const COMMANDS_PER_MESSAGE: f64 = 5.0;
/// Commands whose final state is looked up at the end.
const STATE_CHECKS: usize = 1_000;

/// Where the phones' credentials (activation codes or link ids) come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// From a file: these.
    Given(Vec<String>),
    /// Made in the server's database: so many.
    Make(u32),
}

/// What a file holds: one a line; empty lines and lines that begin with `#` are none.
pub fn read_lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// The file of the credentials, when one is named; each dialect has its own.
pub fn file(args: &SimArgs) -> Result<Option<&PathBuf>, CliError> {
    match (args.dialect, &args.codes, &args.link_ids) {
        (SimDialect::Native, _, Some(_)) => {
            Err(CliError::usage("--link-ids is for phones with the WorkTool app; add --dialect worktool"))
        }
        (SimDialect::Worktool, Some(_), _) => Err(CliError::usage(
            "phones with the WorkTool app have link ids; give --link-ids instead of --codes",
        )),
        (SimDialect::Native, codes, None) => Ok(codes.as_ref()),
        (SimDialect::Worktool, None, link_ids) => Ok(link_ids.as_ref()),
    }
}

/// Which credentials to use; `file` is the text of their file, `has_database` says whether the server's database was named.
pub fn credentials(args: &SimArgs, file: Option<&str>, has_database: bool) -> Result<Credentials, CliError> {
    let (what, flag) = match args.dialect {
        SimDialect::Native => ("activation codes", "--codes"),
        SimDialect::Worktool => ("link ids", "--link-ids"),
    };
    let Some(text) = file else {
        return if has_database {
            Ok(Credentials::Make(args.robots.unwrap_or(ROBOTS)))
        } else {
            Err(CliError::usage(format!(
                "the phones need {what}; give {flag} FILE, or the server's --data-dir or --database-url to make them"
            )))
        };
    };
    let mut given = read_lines(text);
    let held = given.len();
    let wanted = match args.robots {
        Some(robots) => usize::try_from(robots).map_err(CliError::failed)?,
        None => held,
    };
    if held < wanted || held == 0 {
        return Err(CliError::usage(format!(
            "the file of {flag} holds {held} {what}; add some or lower --robots"
        )));
    }
    given.truncate(wanted);
    Ok(Credentials::Given(given))
}

/// The run of native phones.
pub fn fleet(args: &SimArgs, identities: Vec<Identity>) -> FleetConfig {
    let count = identities.len();
    let config = FleetConfig { identities, ..config(args, count) };
    if args.chaos { config.with_chaos() } else { config }
}

/// The run of phones with the WorkTool app, which brings faults of its own.
pub fn apps(args: &SimArgs, link_ids: usize) -> (FleetConfig, Option<AppFaults>) {
    let config = FleetConfig {
        // A result that got lost keeps its place on the phone until its time-out.
        drain_deadline: Duration::from_secs(if args.chaos { 420 } else { 180 }),
        ..config(args, link_ids)
    };
    (config, args.chaos.then(AppFaults::standard))
}

fn config(args: &SimArgs, phones: usize) -> FleetConfig {
    let many = Duration::from_millis(20) * u32::try_from(phones).unwrap_or(u32::MAX);
    FleetConfig {
        load: load(args.rate),
        seconds: args.seconds,
        messages_per_second: messages_per_second(args.rate),
        urgent_permille: 100,
        is_idempotent: true,
        is_persistent: true,
        state_checks: STATE_CHECKS,
        connect_deadline: Duration::from_secs(60) + many,
        spreads_sources: phones > 64,
        ..FleetConfig::new(&args.url, Vec::new())
    }
}

fn load(rate: f64) -> Load {
    match Duration::try_from_secs_f64(rate.recip()) {
        Ok(period) if rate > 0.0 => Load::Paced { period },
        _ => Load::Idle,
    }
}

/// One for every five commands, at least one while there are commands.
fn messages_per_second(rate: f64) -> u32 {
    let wanted = (rate / COMMANDS_PER_MESSAGE).ceil();
    (0..=20_000).find(|count| f64::from(*count) >= wanted).unwrap_or(20_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> SimArgs {
        SimArgs {
            url: "http://127.0.0.1:5000".into(),
            robots: None,
            dialect: SimDialect::Native,
            rate: 10.0,
            chaos: false,
            codes: None,
            link_ids: None,
            seconds: 5,
        }
    }

    #[test]
    fn credentials_come_from_the_file_or_the_database() {
        let three = "AAAA2222\n\n# spare\n BBBB3333 \r\nCCCC4444";
        let robots = |robots| SimArgs { robots, ..args() };
        let given =
            |codes: &[&str]| Some(Credentials::Given(codes.iter().map(|code| (*code).to_owned()).collect()));
        let table = [
            (None, Some(three), false, given(&["AAAA2222", "BBBB3333", "CCCC4444"])),
            (Some(2), Some(three), true, given(&["AAAA2222", "BBBB3333"])),
            (Some(4), Some(three), true, None),
            (None, Some("\n"), true, None),
            (Some(7), None, true, Some(Credentials::Make(7))),
            (None, None, true, Some(Credentials::Make(10))),
            (None, None, false, None),
        ];
        for (count, file, has_database, expected) in table {
            for dialect in [SimDialect::Native, SimDialect::Worktool] {
                let got = credentials(&SimArgs { dialect, ..robots(count) }, file, has_database);
                assert_eq!(got.as_ref().ok(), expected.as_ref(), "{count:?} {file:?}");
                assert!(got.is_ok() || got.is_err_and(|error| error.exit_code() == 2));
            }
        }
    }

    #[test]
    fn each_dialect_has_a_file_of_its_own() {
        let path = || Some(PathBuf::from("file"));
        let native = SimArgs { codes: path(), ..args() };
        let worktool = SimArgs { dialect: SimDialect::Worktool, link_ids: path(), ..args() };
        assert!(file(&native).unwrap().is_some() && file(&worktool).unwrap().is_some());
        assert!(file(&args()).unwrap().is_none());
        let wrong = SimArgs { dialect: SimDialect::Worktool, ..native };
        assert!(file(&wrong).unwrap_err().to_string().contains("--link-ids"));
        let wrong = SimArgs { dialect: SimDialect::Native, ..worktool };
        assert!(file(&wrong).unwrap_err().to_string().contains("--dialect worktool"));
    }

    #[test]
    fn rates_become_periods() {
        for (rate, load_, messages) in [
            (0.0, Load::Idle, 0),
            (0.5, Load::Paced { period: Duration::from_secs(2) }, 1),
            (50.0, Load::Paced { period: Duration::from_millis(20) }, 10),
        ] {
            assert_eq!((load(rate), messages_per_second(rate)), (load_, messages), "{rate}");
        }
        let chaos = fleet(&SimArgs { chaos: true, ..args() }, Vec::new());
        assert!(chaos.chaos.is_some() && chaos.herd.is_some());
        assert!(fleet(&args(), Vec::new()).chaos.is_none());
        assert!(apps(&args(), 3).1.is_none() && apps(&SimArgs { chaos: true, ..args() }, 3).1.is_some());
    }
}
