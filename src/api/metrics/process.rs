//! What the system says of this process.

use std::fs;

/// Ticks of a second in which the system counts, on every Linux: it is a part of what it promises to programs.
const TICKS: f64 = 100.0;

/// What the system says of this process, as far as it does.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Process {
    pub memory_bytes: Option<f64>,
    pub cpu_seconds: Option<f64>,
    pub open_files: Option<f64>,
    pub threads: Option<f64>,
    /// Seconds since 1970.
    pub started: Option<f64>,
}

impl Process {
    /// Asks it. Systems other than Linux are not asked.
    pub fn now() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let open_files = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
        Self {
            open_files,
            ..Self::read(&text("/proc/self/stat"), &text("/proc/self/status"), &text("/proc/stat"))
        }
    }

    fn read(stat: &str, status: &str, system: &str) -> Self {
        // The name of the program comes second, in brackets, and may hold anything.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
        let line = |text: &str, name: &str| -> Option<f64> {
            let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
            rest.split_whitespace().next()?.parse().ok()
        };
        Self {
            memory_bytes: line(status, "VmRSS:").map(|kibibytes| kibibytes * 1024.0),
            cpu_seconds: field(14).zip(field(15)).map(|(own, system)| (own + system) / TICKS),
            open_files: None,
            threads: field(20),
            started: field(22).zip(line(system, "btime")).map(|(ticks, booted)| booted + ticks / TICKS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_where_the_system_has_them() {
        let stat = "77 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 9 18 1500 20 21";
        let read = Process::read(stat, "Name:\tx\nVmRSS:\t   2048 kB\n", "cpu 1 2\nbtime 1700000000\n");
        let expected = Process {
            memory_bytes: Some(2_097_152.0),
            cpu_seconds: Some(3.0),
            open_files: None,
            threads: Some(9.0),
            started: Some(1_700_000_015.0),
        };
        assert_eq!(read, expected);
        assert_eq!(Process::read("", "", ""), Process::default());
    }
}
