//! Logging: log4rs, built from the settings. There is no second configuration file for it.
//!
//! Lines go to standard error, because standard output belongs to the answers of the commands, and to a rotated
//! file in the data folder when one is named. Both formats write every key-value of a record.

use crate::settings::logging::{LogFormat, LoggingSettings};
use crate::settings::{DataFolder, DataFolderError};
use chrono::{SecondsFormat, Utc};
use log::kv::{self, Key, VisitSource};
use log::{LevelFilter, Record};
use log4rs::append::Append;
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::append::rolling_file::RollingFileAppender;
use log4rs::append::rolling_file::policy::compound::CompoundPolicy;
use log4rs::append::rolling_file::policy::compound::roll::fixed_window::FixedWindowRoller;
use log4rs::append::rolling_file::policy::compound::trigger::size::SizeTrigger;
use log4rs::config::{Appender, Config, Logger, Root};
use log4rs::encode::json::JsonEncoder;
use log4rs::encode::{Encode, Write};
use std::fmt::Write as _;
use workbot_schema::class::Class;

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// No folder for the log file.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The log file cannot be opened.
    #[error(
        "log file {path} cannot be opened ({reason}); change logging.file or the owner of the data folder"
    )]
    File {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Another logger is at work in this process.
    #[error("logging has been started before in this process")]
    Started,
    /// The appenders do not fit together.
    #[error("logging cannot be set up: {0}")]
    Build(String),
}

impl LoggingError {
    /// How the failure is treated.
    pub fn class(&self) -> Class {
        match self {
            Self::DataFolder(error) => error.class(),
            Self::File { .. } => Class::Caller,
            Self::Started | Self::Build(_) => Class::Bug,
        }
    }
}

/// Starts logging for the whole process, once; makes the data folder when a log file is named.
pub fn start(settings: &LoggingSettings, data: &DataFolder) -> Result<(), LoggingError> {
    let config = configure(settings, data)?;
    match log4rs::init_config(config) {
        Ok(_) => Ok(()),
        Err(_) => Err(LoggingError::Started),
    }
}

fn configure(settings: &LoggingSettings, data: &DataFolder) -> Result<Config, LoggingError> {
    let console = ConsoleAppender::builder().target(Target::Stderr).encoder(encoder(settings.format)).build();
    let mut config = Config::builder().appender(Appender::builder().build("stderr", Box::new(console)));
    let mut root = Root::builder().appender("stderr");
    if !settings.file.is_empty() {
        data.ensure()?;
        config = config.appender(Appender::builder().build("file", file_appender(settings, data)?));
        root = root.appender("file");
    }
    // A peer that sends no HTTP is the peer's failure: it is answered and counted, not logged as our error.
    config = config.logger(Logger::builder().build("actix_http::h1::dispatcher", LevelFilter::Off));
    for target in &settings.levels {
        config = config.logger(Logger::builder().build(target.target.clone(), target.level));
    }
    config.build(root.build(settings.level.0)).map_err(|errors| LoggingError::Build(errors.to_string()))
}

fn encoder(format: LogFormat) -> Box<dyn Encode> {
    match format {
        LogFormat::Text => Box::new(TextEncoder),
        LogFormat::Json => Box::new(JsonEncoder::new()),
    }
}

fn file_appender(settings: &LoggingSettings, data: &DataFolder) -> Result<Box<dyn Append>, LoggingError> {
    let path = data.log_file(&settings.file);
    let shown = path.display().to_string();
    let failed = |reason: String| LoggingError::File { path: shown.clone(), reason };
    let roller = FixedWindowRoller::builder()
        .base(1)
        .build(&format!("{shown}.{{}}"), settings.files_kept)
        .map_err(|error| failed(error.to_string()))?;
    let policy = CompoundPolicy::new(Box::new(SizeTrigger::new(settings.file_bytes)), Box::new(roller));
    let appender = RollingFileAppender::builder()
        .encoder(encoder(settings.format))
        .build(&path, Box::new(policy))
        .map_err(|error| failed(error.to_string()))?;
    Ok(Box::new(appender))
}

/// One line a person reads: time, level, module, text, then every key-value.
/// Control characters are escaped, so that no content can forge a line.
#[derive(Debug)]
struct TextEncoder;

impl Encode for TextEncoder {
    fn encode(&self, writer: &mut dyn Write, record: &Record<'_>) -> anyhow::Result<()> {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        writer.write_all(line(&now, record)?.as_bytes())?;
        Ok(())
    }
}

fn line(now: &str, record: &Record<'_>) -> anyhow::Result<String> {
    let mut line = format!("{now} {:<5} {} ", record.level(), record.target());
    push_escaped(&mut line, &record.args().to_string());
    record.key_values().visit(&mut Pairs { line: &mut line })?;
    line.push('\n');
    Ok(line)
}

fn push_escaped(line: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
}

struct Pairs<'a> {
    line: &'a mut String,
}

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let value = value.to_string();
        let is_plain =
            !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
        if is_plain {
            write!(self.line, " {key}={value}")?;
        } else {
            write!(self.line, " {key}={value:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::logging::{LogLevel, TargetLevel};
    use crate::settings::tests::TemporaryFolder;
    use log::{Level, LevelFilter, Log};
    use std::io;

    #[derive(Debug, Default)]
    struct Memory(Vec<u8>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Write for Memory {}

    fn with_record(text: &str, pairs: &[(&str, &str)], act: impl FnOnce(&Record<'_>)) {
        act(&Record::builder()
            .level(Level::Warn)
            .target("workbot::robot")
            .args(format_args!("{text}"))
            .key_values(&pairs)
            .build());
    }

    #[test]
    fn text_lines_carry_every_pair_and_cannot_be_forged() {
        with_record(
            "queue full\nfake line",
            &[("robot", "robot_1"), ("reason", "two words"), ("run", "")],
            |record| {
                assert_eq!(
                    line("now", record).unwrap(),
                    "now WARN  workbot::robot queue full\\nfake line robot=robot_1 reason=\"two words\" run=\"\"\n"
                );
            },
        );
    }

    #[test]
    fn json_lines_carry_every_pair() {
        with_record("queue full", &[("robot", "robot_1"), ("request", "req_2")], |record| {
            let mut memory = Memory::default();
            encoder(LogFormat::Json).encode(&mut memory, record).unwrap();
            let object: serde_json::Value = serde_json::from_slice(&memory.0).unwrap();
            assert_eq!(object["message"], "queue full");
            assert_eq!(object["attributes"]["robot"], "robot_1");
            assert_eq!(object["attributes"]["request"], "req_2");
        });
    }

    #[test]
    fn a_named_file_is_written_and_rotated_in_the_data_folder() {
        let folder = TemporaryFolder::new();
        let data = DataFolder::new(folder.path().join("data"));
        let settings = LoggingSettings {
            level: LogLevel(LevelFilter::Warn),
            levels: vec![TargetLevel { target: "workbot::quiet".to_owned(), level: LevelFilter::Off }],
            file: "workbot.log".to_owned(),
            file_bytes: 50,
            files_kept: 2,
            ..LoggingSettings::default()
        };
        let logger = log4rs::Logger::new(configure(&settings, &data).unwrap());
        for number in 0..4 {
            with_record(&format!("line {number}"), &[("robot", "robot_1")], |record| logger.log(record));
        }
        logger.log(&Record::builder().level(Level::Info).args(format_args!("too small")).build());
        logger.log(&Record::builder().level(Level::Error).target("workbot::quiet").build());
        let read = |name: &str| std::fs::read_to_string(data.log_file(name)).unwrap_or_default();
        let rotated = format!("{}{}", read("workbot.log.1"), read("workbot.log.2"));
        assert!(rotated.contains("robot=robot_1"), "{rotated}");
        assert!(!data.log_file("workbot.log.3").exists());
        let all = format!("{rotated}{}", read("workbot.log"));
        assert!(!all.contains("too small") && !all.contains("quiet"), "{all}");
    }

    #[test]
    fn without_a_file_nothing_is_created() {
        let folder = TemporaryFolder::new();
        let data = DataFolder::new(folder.path().join("data"));
        configure(&LoggingSettings::default(), &data).unwrap();
        assert!(!data.path().exists());
    }
}
