//! CPU time and memory of a process, as the operating system counts them.
use std::io;

/// Microseconds in one tick of `/proc/<pid>/stat` (USER_HZ is 100 on Linux).
const TICK_US: u64 = 10_000;

/// User and system CPU microseconds of a process so far.
pub fn cpu_us(pid: u32) -> io::Result<u64> {
    // schedstat counts nanoseconds for one thread; the sum over threads is finer than the ticks of stat.
    let mut total_ns = 0_u64;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let path = task?.path().join("schedstat");
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        total_ns += text.split_whitespace().next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    }
    let ended_us = stat_us(pid)?;
    Ok((total_ns / 1_000).max(ended_us))
}

/// CPU microseconds of this process so far.
pub fn own_cpu_us() -> io::Result<u64> {
    cpu_us(std::process::id())
}

/// CPU microseconds by `/proc/<pid>/stat`, in ticks, threads that ended included.
fn stat_us(pid: u32) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the name in parentheses and may hold spaces.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let tick = |place: usize| fields.get(place).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Ok((tick(11) + tick(12)) * TICK_US)
}

/// Resident memory of a process in KiB.
pub fn resident_kib(pid: u32) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    Ok(line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = own_cpu_us().unwrap();
        let mut sum = 0_u64;
        while own_cpu_us().unwrap() < before + 20_000 {
            sum = sum.wrapping_add(1);
        }
        assert!(sum > 0);
        assert!(resident_kib(std::process::id()).unwrap() > 100);
    }
}
