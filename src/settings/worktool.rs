//! What phones with the WorkTool app are told.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// What phones with the WorkTool app are told.
    pub struct WorktoolSettings in "worktool" {
        /// Version code of the app that phones are offered; one whose own is lower offers the update. 0 = none is offered.
        pub update_version_code: u32 = 0;
        /// Phones with a version code below this one must update before they go on; 0 = none must.
        pub update_min_version_code: u32 = 0;
        /// Name of that version, e.g. 2.8.1.
        pub update_version_name: String = String::new();
        /// Web address of the package.
        pub update_download_url: String = String::new();
        /// What is new in it.
        pub update_log: String = String::new();
    }
}

impl Rules for WorktoolSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.update_version_code > 0 && !super::server::is_web_address(&self.update_download_url) {
            problems.add(
                "worktool.update_download_url",
                format!("{:?} is not a web address, and an update is offered", self.update_download_url),
                "give one such as https://files.example.com/app.apk, or set worktool.update_version_code to 0",
            );
        }
        if self.update_min_version_code > self.update_version_code {
            problems.add(
                "worktool.update_min_version_code",
                format!(
                    "{} is more than worktool.update_version_code ({})",
                    self.update_min_version_code, self.update_version_code
                ),
                "lower it, or raise worktool.update_version_code",
            );
        }
    }
}
