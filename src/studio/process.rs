//! What this process costs the system.

/// Resident memory in MiB; `None` where the system does not tell.
pub(super) fn resident_mib() -> Option<f64> {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib / 1024.0)
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_told_in_mebibytes() {
        let mib = super::resident_mib().unwrap();
        assert!((1.0..10_000.0).contains(&mib), "{mib}");
    }
}
