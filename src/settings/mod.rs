//! Settings: one typed tree, made once from all sources and handed on as a value. There is no global.
//!
//! ```text
//! defaults < config/workbot.toml < --config FILE < environment < flags
//!      └────────────── source ───────────────┴─ variable ─┘        │
//!                        load: strongest wins, unknown keys refused ┘
//!                        validate: ranges (section) and rules (one impl a section)
//!                        print: the commented file, generated from the same declarations
//! ```
//!
//! To add a key, add one line to its section's file and write the file again with
//! `cargo run -- config print --defaults > config/workbot.toml`. To add a section, add its file and one line below.

pub mod ai;
pub mod breaker;
pub mod callbacks;
pub mod cloud;
pub mod commands;
pub mod data_folder;
pub mod database;
pub mod files;
pub mod journal;
pub mod limits;
pub mod load;
pub mod logging;
pub mod network;
pub mod presence;
pub mod print;
pub mod problem;
pub mod retention;
pub mod secret;
pub mod section;
pub mod server;
pub mod session;
pub mod sms;
pub mod source;
pub mod tokens;
pub mod users;
pub mod value;
pub mod variable;
pub mod wechat;
pub mod worktool;

#[cfg(test)]
pub(crate) mod tests;

pub use data_folder::{DataFolder, DataFolderError};
pub use load::Loaded;
pub use problem::{Origin, Problem, Problems};
pub use secret::{DatabaseUrl, Secret};
pub use source::{Flag, Sources};

use section::Section;
use value::Raw;

macro_rules! tree {
    ($($field:ident: $section:ty,)+) => {
        /// All settings, one field a section.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = concat!("The `[", stringify!($field), "]` section.")] pub $field: $section,)+
        }

        impl Settings {
            /// All sections in the order of the file.
            pub fn sections(&self) -> [&dyn Section; [$(stringify!($field)),+].len()] {
                [$(&self.$field),+]
            }

            fn sections_mut(&mut self) -> [&mut dyn Section; [$(stringify!($field)),+].len()] {
                [$(&mut self.$field),+]
            }
        }
    };
}

tree! {
    server: server::ServerSettings,
    database: database::DatabaseSettings,
    journal: journal::JournalSettings,
    limits: limits::LimitsSettings,
    commands: commands::CommandsSettings,
    presence: presence::PresenceSettings,
    callbacks: callbacks::CallbacksSettings,
    session: session::SessionSettings,
    ai: ai::AiSettings,
    breaker: breaker::BreakerSettings,
    sms: sms::SmsSettings,
    users: users::UsersSettings,
    tokens: tokens::TokensSettings,
    retention: retention::RetentionSettings,
    files: files::FilesSettings,
    worktool: worktool::WorktoolSettings,
    cloud: cloud::CloudSettings,
    wechat: wechat::WechatSettings,
    logging: logging::LoggingSettings,
}

impl Settings {
    /// The data folder; nothing is created by asking for it.
    pub fn data_folder(&self) -> DataFolder {
        DataFolder::new(self.server.data_dir.clone())
    }

    /// The address of the database with its password: the one given, else SQLite in the data folder.
    pub fn database_url(&self) -> DatabaseUrl {
        if self.database.url.is_set() {
            return self.database.url.clone();
        }
        DatabaseUrl::new(format!("sqlite:{}", self.data_folder().database().display()))
    }

    /// Tells everything that is wrong with the values, whatever source they came from.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for section in self.sections() {
            for key in section.keys() {
                let (Some(number), Some((least, greatest))) = (key.number, key.range) else { continue };
                if number < least || number > greatest {
                    problems.add(
                        &format!("{}.{}", section.name(), key.name),
                        format!("{number} is out of range"),
                        format!("give a number from {least} to {greatest}"),
                    );
                }
            }
            section.rules(&mut problems);
        }
        if self.server.production && self.sms.is_log() {
            problems.add(
                "sms.provider",
                "would write SMS codes to the log though server.production is true",
                "give the four keys of Aliyun, or set server.production to false",
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Sets `section.key`; false when the value is not of its type.
    fn set(&mut self, path: &str, raw: &Raw) -> bool {
        let Some((table, key)) = path.split_once('.') else { return true };
        for section in self.sections_mut() {
            if section.name() == table {
                return section.set(key, raw);
            }
        }
        true
    }
}
