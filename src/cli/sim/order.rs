//! Pure: what a run of simulated phones is asked to be, from what was typed.
use std::time::Duration;

use workbot_robot_sim::{FleetConfig, Identity, Load};

use super::super::args::{SimArgs, SimDialect};
use super::super::error::CliError;

/// Phones when neither their number nor their codes are given.
const ROBOTS: u32 = 10;
/// Of how many commands one chat message is said.
const COMMANDS_PER_MESSAGE: f64 = 5.0;
/// Commands whose final state is looked up at the end.
const STATE_CHECKS: usize = 1_000;

/// Where the activation codes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// From a file: these.
    Given(Vec<String>),
    /// Made in the server's database: so many.
    Make(u32),
}

/// The codes a file holds: one a line; empty lines and lines that begin with `#` are none.
pub fn read_codes(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// Which codes to use; `file` is the text of `--codes`, `has_database` says whether the server's database was named.
pub fn codes(args: &SimArgs, file: Option<&str>, has_database: bool) -> Result<Codes, CliError> {
    if args.dialect == SimDialect::Worktool || args.link_ids.is_some() {
        return Err(CliError::usage(
            "phones with the WorkTool app cannot be simulated yet; leave --dialect and --link-ids out",
        ));
    }
    let Some(text) = file else {
        return if has_database {
            Ok(Codes::Make(args.robots.unwrap_or(ROBOTS)))
        } else {
            Err(CliError::usage(
                "the phones need activation codes; give --codes FILE, or the server's --data-dir or --database-url to make them",
            ))
        };
    };
    let mut codes = read_codes(text);
    let held = codes.len();
    let wanted = match args.robots {
        Some(robots) => usize::try_from(robots).map_err(CliError::failed)?,
        None => held,
    };
    if held < wanted || held == 0 {
        return Err(CliError::usage(format!(
            "the file of --codes holds {held} codes; add some or lower --robots"
        )));
    }
    codes.truncate(wanted);
    Ok(Codes::Given(codes))
}

/// The run.
pub fn fleet(args: &SimArgs, identities: Vec<Identity>) -> FleetConfig {
    let many = Duration::from_millis(20) * u32::try_from(identities.len()).unwrap_or(u32::MAX);
    let config = FleetConfig {
        load: load(args.rate),
        seconds: args.seconds,
        messages_per_second: messages_per_second(args.rate),
        urgent_permille: 100,
        is_idempotent: true,
        is_persistent: true,
        state_checks: STATE_CHECKS,
        connect_deadline: Duration::from_secs(60) + many,
        ..FleetConfig::new(&args.url, identities)
    };
    if args.chaos { config.with_chaos() } else { config }
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
    use std::path::PathBuf;

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
    fn codes_come_from_the_file_or_the_database() {
        let three = "AAAA2222\n\n# spare\n BBBB3333 \r\nCCCC4444";
        let robots = |robots| SimArgs { robots, ..args() };
        let given =
            |codes: &[&str]| Some(Codes::Given(codes.iter().map(|code| (*code).to_owned()).collect()));
        let table = [
            (None, Some(three), false, given(&["AAAA2222", "BBBB3333", "CCCC4444"])),
            (Some(2), Some(three), true, given(&["AAAA2222", "BBBB3333"])),
            (Some(4), Some(three), true, None),
            (None, Some("\n"), true, None),
            (Some(7), None, true, Some(Codes::Make(7))),
            (None, None, true, Some(Codes::Make(10))),
            (None, None, false, None),
        ];
        for (count, file, has_database, expected) in table {
            let got = codes(&robots(count), file, has_database);
            assert_eq!(got.as_ref().ok(), expected.as_ref(), "{count:?} {file:?}");
            assert!(got.is_ok() || got.is_err_and(|error| error.exit_code() == 2));
        }
        for worktool in [
            SimArgs { dialect: SimDialect::Worktool, ..args() },
            SimArgs { link_ids: Some(PathBuf::from("ids")), ..args() },
        ] {
            assert!(
                codes(&worktool, None, true).unwrap_err().to_string().contains("cannot be simulated yet")
            );
        }
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
    }
}
