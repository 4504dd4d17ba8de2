//! Files that no row names any more.
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use workbot_schema::retention;
use workbot_schema::store::{StoreError, StoreResult};

use super::JanitorParts;

/// A file is written before its row; younger ones are left alone.
const YOUNG: Duration = Duration::from_secs(3_600);
/// Files of one question to the store.
const CHUNK: usize = 200;

/// Removes what is old enough and unnamed, folder by folder.
pub(super) async fn remove_unnamed(parts: &JanitorParts, folder: &Path) -> StoreResult<()> {
    for folder in on_thread(folder, subfolders).await? {
        let old = on_thread(&folder, old_files).await?;
        for chunk in old.chunks(CHUNK) {
            let names: Vec<String> = chunk.iter().filter_map(|path| name_of(path)).collect();
            let named = retention::list_named_files(&parts.db, names).await?;
            let unnamed: Vec<PathBuf> = chunk
                .iter()
                .filter(|path| name_of(path).is_some_and(|name| !named.contains(&name)))
                .cloned()
                .collect();
            let removed = on_thread(&folder, move |_folder| remove(&unnamed)).await?;
            parts.counters.files.fetch_add(removed, Ordering::Relaxed);
        }
    }
    Ok(())
}

async fn on_thread<T: Send + 'static>(
    folder: &Path,
    work: impl FnOnce(&Path) -> T + Send + 'static,
) -> StoreResult<T> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || work(&folder)).await.map_err(StoreError::pool)
}

fn name_of(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

fn children(folder: &Path) -> impl Iterator<Item = PathBuf> {
    // A folder that is not there has no files.
    std::fs::read_dir(folder).into_iter().flatten().filter_map(|child| Some(child.ok()?.path()))
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    children(folder).filter(|path| path.is_dir()).collect()
}

fn old_files(folder: &Path) -> Vec<PathBuf> {
    children(folder).filter(|path| is_old(path)).collect()
}

fn is_old(path: &Path) -> bool {
    let written = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let age = written
        .and_then(|written| written.modified().ok())
        .and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > YOUNG)
}

fn remove(unnamed: &[PathBuf]) -> u64 {
    let mut removed = 0;
    // Somebody may have written the same bytes again since the question.
    for path in unnamed.iter().filter(|path| is_old(path)) {
        match std::fs::remove_file(path) {
            Ok(()) => removed += 1,
            Err(error) => log::warn!(error:% = error; "an unneeded file cannot be removed"),
        }
    }
    removed
}
