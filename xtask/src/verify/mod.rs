//! `cargo verify`: every check of the project as a named, timed step; the first failure ends it.

mod faketime;
mod files;
mod layers;
mod postgres;

use crate::process::{Outcome, cargo, run as run_program, workspace};
use crate::{console, generated};
use postgres::Cluster;
use std::process::ExitCode;
use std::time::Instant;

struct Step {
    name: &'static str,
    /// A step that must run before this one, even when only this one was asked for.
    needs: Option<&'static str>,
    run: fn(&mut Context) -> Outcome<String>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", needs: None, run: fmt },
    Step { name: "clippy", needs: None, run: clippy },
    Step { name: "doc", needs: None, run: doc },
    Step { name: "files", needs: None, run: |_| files::check(&workspace()) },
    Step { name: "layers", needs: None, run: |_| layers::check() },
    Step { name: "generated", needs: None, run: |_| generated::compare_all() },
    Step { name: "postgres", needs: None, run: postgres },
    Step { name: "test", needs: Some("postgres"), run: test },
    Step { name: "console", needs: None, run: |_| console_checks() },
];

/// The environment variable that tells the tests where PostgreSQL is.
const POSTGRES_URL: &str = "WORKBOT_TEST_POSTGRES_URL";

/// What one step leaves for the next ones; dropped at the end, whatever happened.
#[derive(Default)]
struct Context {
    postgres: Option<Cluster>,
}

/// Exit code 0 when all passed, 1 when a step failed, 2 when the arguments make no sense.
pub fn run(arguments: &[String]) -> ExitCode {
    let asked = match only(arguments) {
        Ok(asked) => asked,
        Err(reason) => {
            eprintln!("verify: {reason}");
            return ExitCode::from(2);
        }
    };
    let started = Instant::now();
    let mut context = Context::default();
    let mut rows = Vec::new();
    let mut failure = None;
    for step in STEPS.iter().filter(|step| is_selected(step, asked.as_deref())) {
        if failure.is_some() {
            rows.push(format!("{:<10} not run", step.name));
            continue;
        }
        println!("\n== {}", step.name);
        let began = Instant::now();
        let outcome = (step.run)(&mut context);
        let seconds = began.elapsed().as_secs_f64();
        match outcome {
            Ok(note) => rows.push(format!("{:<10} ok      {seconds:>7.1} s  {note}", step.name)),
            Err(reason) => {
                rows.push(format!("{:<10} failed  {seconds:>7.1} s", step.name));
                failure = Some((step.name, reason));
            }
        }
    }
    drop(context);
    println!("\n{}", rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n"));
    let seconds = started.elapsed().as_secs_f64();
    match failure {
        None => {
            println!("\nverify: passed, {} of {} steps, in {seconds:.0} s", rows.len(), STEPS.len());
            ExitCode::SUCCESS
        }
        Some((name, reason)) => {
            println!("\nverify: {name} failed: {reason}\nalone: cargo xtask verify --only {name}");
            ExitCode::FAILURE
        }
    }
}

fn only(arguments: &[String]) -> Outcome<Option<Vec<String>>> {
    let names = match arguments {
        [] => return Ok(None),
        [flag, names] if flag == "--only" => names.as_str(),
        [both] => both
            .strip_prefix("--only=")
            .ok_or_else(|| format!("`{both}` is not an option; there is --only"))?,
        _ => return Err("the only option is --only STEP,STEP".into()),
    };
    let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str())) {
        Some(unknown) => {
            let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            Err(format!("there is no step `{unknown}`; the steps are {}", known.join(", ")))
        }
        None => Ok(Some(names)),
    }
}

fn is_selected(step: &Step, asked: Option<&[String]>) -> bool {
    let Some(asked) = asked else { return true };
    let is_asked = |name: &str| asked.iter().any(|asked| asked == name);
    is_asked(step.name) || STEPS.iter().any(|other| other.needs == Some(step.name) && is_asked(other.name))
}

fn fmt(_: &mut Context) -> Outcome<String> {
    run_program(cargo().args(["fmt", "--all", "--check"])).map(|()| String::new())
}

fn clippy(_: &mut Context) -> Outcome<String> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run_program(cargo().args(arguments)).map(|()| String::new())
}

fn doc(_: &mut Context) -> Outcome<String> {
    let mut command = cargo();
    command.args(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings");
    run_program(&mut command).map(|()| String::new())
}

fn postgres(context: &mut Context) -> Outcome<String> {
    let cluster = Cluster::start()?;
    let note = format!("private cluster at {}", cluster.url());
    context.postgres = Some(cluster);
    Ok(note)
}

fn test(context: &mut Context) -> Outcome<String> {
    let cluster = context.postgres.as_ref().ok_or("PostgreSQL was not started")?;
    faketime::ensure()?;
    run_program(cargo().args(["test", "--workspace"]).env(POSTGRES_URL, cluster.url()))
        .map(|()| String::new())
}

fn console_checks() -> Outcome<String> {
    if !console::exists() {
        return Ok("nothing to check: there is no web/package.json".into());
    }
    console::verify().map(|()| String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: &[&str]) -> Outcome<Option<Vec<String>>> {
        only(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn steps_are_chosen_by_name_and_bring_what_they_need() {
        let names = |arguments: &[&str]| {
            let asked = asked(arguments).unwrap();
            let chosen = STEPS.iter().filter(|step| is_selected(step, asked.as_deref()));
            chosen.map(|step| step.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]).len(), STEPS.len());
        assert_eq!(names(&["--only", "clippy,fmt"]), ["fmt", "clippy"]);
        assert_eq!(names(&["--only=test"]), ["postgres", "test"]);
    }

    #[test]
    fn unknown_steps_and_options_are_refused() {
        assert!(asked(&["--only", "fmt,nope"]).unwrap_err().contains("`nope`"));
        assert!(asked(&["--skip"]).is_err());
        assert!(asked(&["--only"]).is_err());
    }
}
