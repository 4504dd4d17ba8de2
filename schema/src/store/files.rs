//! Files are not rows: content goes to disk under its hash before the row that names it.
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::{StoreError, StoreResult};

/// The folder of uploaded and received files; clone freely.
#[derive(Debug, Clone)]
pub struct FileStore {
    folder: PathBuf,
}

/// What the first bytes of a file say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// PNG image.
    Png,
    /// JPEG image.
    Jpeg,
    /// GIF image.
    Gif,
    /// WebP image: phones cannot show it, it is refused.
    Webp,
    /// Anything else.
    Other,
}

impl FileKind {
    /// Judges by the magic bytes.
    pub fn sniff(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Self::Png
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Self::Jpeg
        } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            Self::Gif
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Self::Webp
        } else {
            Self::Other
        }
    }

    /// The ending of the stored file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Other => "bin",
        }
    }
}

fn away(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("file store: {error}"))
}

impl FileStore {
    /// A store in `folder`, created when the first file comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Writes the bytes (temporary file, fsync, rename); the name is `<sha256>.<kind>`, equal for equal bytes.
    pub async fn put(&self, bytes: Vec<u8>) -> StoreResult<String> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || write(&folder, &bytes)).await.map_err(StoreError::pool)?
    }

    /// The bytes of a file, or `NotFound`.
    pub async fn get(&self, name: &str) -> StoreResult<Vec<u8>> {
        let path = path_of(&self.folder, name)?;
        tokio::task::spawn_blocking(move || match std::fs::read(path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::NotFound("file")),
            Err(error) => Err(away(&error)),
        })
        .await
        .map_err(StoreError::pool)?
    }
}

/// Names are hashes of ours, so nothing that leads out of the folder passes.
fn path_of(folder: &Path, name: &str) -> StoreResult<PathBuf> {
    let is_plain = name.len() <= 80 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let (Some(prefix), true) = (name.get(..2), is_plain && !name.starts_with('.')) else {
        return Err(StoreError::NotFound("file"));
    };
    Ok(folder.join(prefix).join(name))
}

fn write(folder: &Path, bytes: &[u8]) -> StoreResult<String> {
    let hash = hex::encode(digest(&SHA256, bytes));
    let name = format!("{hash}.{}", FileKind::sniff(bytes).extension());
    let path = path_of(folder, &name)?;
    if path.exists() {
        // Used again: it must not look old to whoever removes files that no row names yet.
        let touched = std::fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(std::time::SystemTime::now()));
        return touched.map(|()| name).map_err(|error| away(&error));
    }
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| away(&error))?;
    let temporary = parent.join(format!("{}.part", uuid::Uuid::new_v4().simple()));
    let outcome = (|| {
        let mut file = std::fs::File::create(&temporary)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        // The rename itself must survive a power cut, too.
        std::fs::File::open(parent)?.sync_all()
    })();
    if let Err(error) = outcome {
        if let Err(removal) = std::fs::remove_file(&temporary) {
            log::debug!(error:% = removal; "no temporary file to remove");
        }
        return Err(away(&error));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sniffs_what_phones_send() {
        for (bytes, kind) in [
            (b"\x89PNG\r\n\x1a\n....".as_slice(), FileKind::Png),
            (b"\xff\xd8\xff\xe0", FileKind::Jpeg),
            (b"GIF89a", FileKind::Gif),
            (b"RIFF\0\0\0\0WEBPVP8 ", FileKind::Webp),
            (b"RIFF", FileKind::Other),
            (b"", FileKind::Other),
        ] {
            assert_eq!(FileKind::sniff(bytes), kind);
        }
    }

    #[tokio::test]
    async fn equal_bytes_have_one_name_and_no_name_leads_outside() {
        let folder = std::env::temp_dir().join(format!("workbot-files-{}", uuid::Uuid::new_v4().simple()));
        let files = FileStore::new(&folder);
        let first = files.put(b"hello".to_vec()).await.unwrap();
        assert_eq!(files.put(b"hello".to_vec()).await.unwrap(), first);
        assert_eq!(files.get(&first).await.unwrap(), b"hello");
        for name in ["../../etc/passwd", "..", "", "a", "ab/../../x", "/etc/passwd"] {
            assert!(matches!(files.get(name).await, Err(StoreError::NotFound(_))), "{name}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
