//! The data folder: the one place on disk that belongs to the server.

use super::secret::Secret;
use super::tokens::{JWT_SECRET_MIN_BYTES, TokensSettings, parse_sealing_key};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use workbot_schema::class::Class;

/// Random bytes of a secret made here; written as hexadecimal text.
const SECRET_BYTES: usize = 32;

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// The folder could not be made.
    #[error("data folder {path} cannot be created ({source}); name another with --data-dir")]
    Create {
        /// The folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file in it could not be read or written.
    #[error("{path} cannot be read or written ({source}); check the owner of the data folder")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read a secret.
    #[error("{path} may be read by others; run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: String,
    },
    /// A secret file holds something else.
    #[error("{path} does not hold a secret; restore it from a backup, or remove it to get a new one")]
    Damaged {
        /// The file.
        path: String,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes; try again")]
    Random,
}

impl DataFolderError {
    /// How the failure is treated.
    pub fn class(&self) -> Class {
        match self {
            Self::Create { .. } | Self::File { .. } | Self::Random => Class::Transient,
            Self::Exposed { .. } | Self::Damaged { .. } => Class::Caller,
        }
    }
}

/// The data folder and the names of what is in it. Making the value touches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Names a folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The embedded database.
    pub fn database(&self) -> PathBuf {
        self.path.join("workbot.db")
    }

    /// The secret that signs tokens, when none is configured.
    pub fn jwt_secret_file(&self) -> PathBuf {
        self.path.join("jwt.secret")
    }

    /// The key that seals stored secrets, when none is configured.
    pub fn sealing_key_file(&self) -> PathBuf {
        self.path.join("sealing.key")
    }

    /// Holds the address the running server listens on.
    pub fn address(&self) -> PathBuf {
        self.path.join("address")
    }

    /// Files that messages and commands carry.
    pub fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    /// A log file of this name.
    pub fn log_file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes the folder, readable by its owner alone; one that exists is left as it is.
    pub fn ensure(&self) -> Result<(), DataFolderError> {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        created.map_err(|source| DataFolderError::Create { path: self.path.display().to_string(), source })
    }

    /// The secret that signs tokens: the configured one, else the kept one, made at the first call.
    pub fn ensure_jwt_secret(&self, tokens: &TokensSettings) -> Result<Secret, DataFolderError> {
        if tokens.jwt_secret.is_set() {
            return Ok(tokens.jwt_secret.clone());
        }
        let path = self.jwt_secret_file();
        let secret = self.ensure_secret_file(&path)?;
        if secret.expose().len() < JWT_SECRET_MIN_BYTES {
            return Err(DataFolderError::Damaged { path: path.display().to_string() });
        }
        Ok(secret)
    }

    /// The key that seals stored secrets: the configured one, else the kept one, made at the first call.
    pub fn ensure_sealing_key(&self, tokens: &TokensSettings) -> Result<[u8; 32], DataFolderError> {
        let damaged = |path: String| DataFolderError::Damaged { path };
        if tokens.sealing_key.is_set() {
            return parse_sealing_key(tokens.sealing_key.expose())
                .ok_or_else(|| damaged("tokens.sealing_key".to_owned()));
        }
        let path = self.sealing_key_file();
        let secret = self.ensure_secret_file(&path)?;
        parse_sealing_key(secret.expose()).ok_or_else(|| damaged(path.display().to_string()))
    }

    /// What is wrong with the folder as it stands; creates nothing.
    pub fn inspect(&self) -> Result<(), DataFolderError> {
        match fs::metadata(&self.path) {
            Ok(found) if !found.is_dir() => {
                let source = io::Error::from(ErrorKind::NotADirectory);
                return Err(DataFolderError::Create { path: self.path.display().to_string(), source });
            }
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(DataFolderError::Create { path: self.path.display().to_string(), source: error });
            }
            _ => {}
        }
        read_secret(&self.jwt_secret_file())?;
        read_secret(&self.sealing_key_file())?;
        Ok(())
    }

    fn ensure_secret_file(&self, path: &Path) -> Result<Secret, DataFolderError> {
        self.ensure()?;
        if let Some(secret) = read_secret(path)? {
            return Ok(secret);
        }
        let mut bytes = [0; SECRET_BYTES];
        if aws_lc_rs::rand::fill(&mut bytes).is_err() {
            return Err(DataFolderError::Random);
        }
        let failed = |source| DataFolderError::File { path: path.display().to_string(), source };
        write_once(path, &hex::encode(bytes)).map_err(failed)?;
        // Read back: another process may have been first, and then its secret is the one.
        read_secret(path)?.ok_or_else(|| failed(ErrorKind::NotFound.into()))
    }
}

/// Reads a secret file; `None` when there is none. Refuses one that others may read.
fn read_secret(path: &Path) -> Result<Option<Secret>, DataFolderError> {
    let shown = || path.display().to_string();
    let failed = |source| DataFolderError::File { path: shown(), source };
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if found.permissions().mode() & 0o077 != 0 {
        return Err(DataFolderError::Exposed { path: shown() });
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(DataFolderError::Damaged { path: shown() });
    }
    Ok(Some(Secret::new(text)))
}

/// Writes a file that appears whole or not at all and never replaces one that is there.
fn write_once(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let linked = match fs::hard_link(&draft, path) {
        Ok(()) => fs::remove_file(&draft),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::remove_file(&draft),
        // A file system without hard links.
        Err(_) => fs::rename(&draft, path),
    };
    linked?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::TemporaryFolder;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_are_made_once_and_for_the_owner_alone() {
        let folder = TemporaryFolder::new();
        let data = DataFolder::new(folder.path().join("deep/data"));
        let tokens = TokensSettings::default();
        let secret = data.ensure_jwt_secret(&tokens).unwrap();
        let key = data.ensure_sealing_key(&tokens).unwrap();
        assert_eq!(secret.expose().len(), 64);
        assert_eq!(data.ensure_jwt_secret(&tokens).unwrap(), secret);
        assert_eq!(data.ensure_sealing_key(&tokens).unwrap(), key);
        assert_ne!(hex::encode(key), secret.expose());
        assert_eq!(mode(data.path()), 0o700);
        assert_eq!(mode(&data.jwt_secret_file()), 0o600);
        assert_eq!(mode(&data.sealing_key_file()), 0o600);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 2);
        data.inspect().unwrap();
    }

    #[test]
    fn configured_secrets_win_and_create_nothing() {
        let folder = TemporaryFolder::new();
        let data = DataFolder::new(folder.path().join("data"));
        let tokens = TokensSettings {
            jwt_secret: Secret::new("a".repeat(40)),
            sealing_key: Secret::new("07".repeat(32)),
            ..TokensSettings::default()
        };
        assert_eq!(data.ensure_jwt_secret(&tokens).unwrap(), tokens.jwt_secret);
        assert_eq!(data.ensure_sealing_key(&tokens).unwrap(), [7; 32]);
        data.inspect().unwrap();
        assert!(!data.path().exists());
    }

    #[test]
    fn a_written_secret_is_never_replaced() {
        let folder = TemporaryFolder::new();
        let path = folder.path().join("jwt.secret");
        write_once(&path, "first").unwrap();
        write_once(&path, "second").unwrap();
        assert_eq!(read_secret(&path).unwrap().unwrap().expose(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn exposed_and_damaged_secrets_are_refused() {
        let folder = TemporaryFolder::new();
        let data = DataFolder::new(folder.path());
        let tokens = TokensSettings::default();
        data.ensure_jwt_secret(&tokens).unwrap();
        fs::set_permissions(data.jwt_secret_file(), fs::Permissions::from_mode(0o644)).unwrap();
        let error = data.ensure_jwt_secret(&tokens).unwrap_err();
        assert!(matches!(error, DataFolderError::Exposed { .. }));
        assert!(error.to_string().contains("chmod 600"), "{error}");
        assert!(data.inspect().is_err());
        fs::set_permissions(data.jwt_secret_file(), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(data.jwt_secret_file(), "short").unwrap();
        assert!(matches!(data.ensure_jwt_secret(&tokens), Err(DataFolderError::Damaged { .. })));
        fs::write(data.jwt_secret_file(), "").unwrap();
        assert!(matches!(data.inspect(), Err(DataFolderError::Damaged { .. })));
    }
}
