//! Files that messages and commands carry.

use super::problem::Problems;
use super::section::{Rules, section};

section! {
    /// Files that messages and commands carry; they are kept in the data folder.
    pub struct FilesSettings in "files" {
        /// Address of an object store, as set by hosted platforms. Accepted so that such a set-up starts; not used by this version.
        pub bucket_endpoint_url: String = String::new();
        /// Bucket of that object store; not used by this version.
        pub bucket_name: String = String::new();
    }
}

impl Rules for FilesSettings {
    fn rules(&self, problems: &mut Problems) {
        let endpoint = &self.bucket_endpoint_url;
        if !endpoint.is_empty() && !super::server::is_web_address(endpoint) {
            problems.add(
                "files.bucket_endpoint_url",
                format!("{endpoint:?} is not a web address"),
                "give one such as https://store.example.com, or leave it empty",
            );
        }
    }
}
