//! What one fdatasync of the disk under the data folder costs, without any database.
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use workbot_robot_sim::histogram::Histogram;

/// Appends a page and syncs it, `rounds` times; the times.
pub fn sync_times(folder: &Path, rounds: u32) -> std::io::Result<Histogram> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut times = Histogram::default();
    for _round in 0..rounds {
        file.write_all(&[7; 4_096])?;
        let started = Instant::now();
        file.sync_data()?;
        times.record(started.elapsed());
    }
    drop(file);
    std::fs::remove_file(path)?;
    Ok(times)
}
