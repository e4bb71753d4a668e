//! `--stats`: what the machine has done, in numbers, when it ends.

mod table;

use std::time::Duration;

use serde::Serialize;
use vm_engine::vcpu::VcpuStats;
use vm_machine::{
    MachineStats, MemoryStats,
    config::{Setting, StatsOutput},
    files::{Files, OutputFile},
};

use crate::{
    error::CliError,
    lines,
    os::{self, Usage},
};

/// Advanced when a field of the JSON form gets another meaning or goes.
const VERSION: u32 = 1;

/// Where statistics will go, opened before the machine runs.
pub enum StatsSink {
    /// A table on stderr.
    Table,
    /// A line of JSON on stderr.
    Json,
    /// JSON in a file.
    File(OutputFile),
}

impl StatsSink {
    /// Opens what the setting names.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be written.
    pub fn open(output: StatsOutput, files: &mut Files) -> Result<Self, CliError> {
        Ok(match output {
            StatsOutput::Table => Self::Table,
            StatsOutput::Json => Self::Json,
            StatsOutput::JsonFile(path) => Self::File(files.write(Setting::Stats, &path)?),
        })
    }

    /// The machine begins to run: what is in the file is of another one.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be emptied.
    pub fn begin(&mut self) -> Result<(), CliError> {
        match self {
            Self::File(file) => Ok(file.begin()?),
            Self::Table | Self::Json => Ok(()),
        }
    }

    /// Writes them; `engine` is the line that says which one runs.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be written.
    pub fn write(self, engine: &str, stats: &MachineStats) -> Result<(), CliError> {
        let report = Report::new(engine, stats);
        match self {
            Self::Table => lines::err(table::format(&report)),
            Self::Json => lines::err(report.json()),
            Self::File(mut file) => {
                file.replace(format!("{}\n", report.json()).as_bytes())?;
            }
        }
        Ok(())
    }
}

/// All that is known, in the form in which JSON has it. Times are in
/// nanoseconds.
#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    engine: &'a str,
    /// How long the machine ran.
    wall_ns: u64,
    /// CPU time of the whole program.
    user_ns: u64,
    system_ns: u64,
    /// Host memory, guest RAM included, in bytes.
    peak_memory: u64,
    memory: Memory,
    resets: u64,
    /// Million guest instructions per second of the vCPUs' CPU time.
    mips: f64,
    /// All vCPUs together.
    total: VcpuStats,
    vcpus: &'a [VcpuStats],
}

/// Where the peak comes from, in bytes.
#[derive(Debug, Serialize)]
struct Memory {
    /// Guest RAM that has been touched.
    guest_ram: u64,
    /// Generated code, which is mapped twice.
    code: u64,
    /// Everything else.
    rest: u64,
}

impl<'a> Report<'a> {
    fn new(engine: &'a str, stats: &'a MachineStats) -> Self {
        let total = stats.total();
        let Usage {
            user,
            system,
            peak_memory: peak,
        } = os::usage();
        let MemoryStats { guest_ram, code } = stats.memory;
        Self {
            version: VERSION,
            engine,
            wall_ns: nanoseconds(stats.wall),
            user_ns: nanoseconds(user),
            system_ns: nanoseconds(system),
            peak_memory: peak,
            memory: Memory {
                guest_ram,
                code,
                rest: peak.saturating_sub(guest_ram).saturating_sub(code),
            },
            resets: stats.resets,
            mips: total.mips(),
            total,
            vcpus: &stats.vcpus,
        }
    }

    fn json(&self) -> String {
        // Numbers and a line of text: there is nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_what_the_engine_counts() {
        let mut vcpu = VcpuStats {
            instructions: 500,
            cpu_ns: 1000,
            ..VcpuStats::default()
        };
        vcpu.tier1.code.links = 7;
        let stats = MachineStats {
            vcpus: vec![vcpu; 2],
            resets: 3,
            memory: MemoryStats {
                guest_ram: 100,
                code: 20,
            },
            ..MachineStats::default()
        };
        let json: serde_json::Value =
            serde_json::from_str(&Report::new("a line", &stats).json()).unwrap();
        assert_eq!(json["version"], 1);
        assert_eq!(json["engine"], "a line");
        assert_eq!((&json["resets"], &json["mips"]), (&3.into(), &500.0.into()));
        assert_eq!(json["total"]["instructions"], 1000);
        assert_eq!(json["total"]["tier1"]["links"], 14);
        assert_eq!(json["vcpus"][1]["tier1"]["calls"]["stores"], 0);
        let peak = json["peak_memory"].as_u64().unwrap();
        assert!(peak > 1 << 20);
        assert_eq!(json["memory"]["guest_ram"], 100);
        assert_eq!(json["memory"]["rest"], peak - 120);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named_before_the_machine_runs() {
        crate::args::names::use_options();
        let output = StatsOutput::JsonFile("/no/such/directory/x".into());
        let error = StatsSink::open(output, &mut Files::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("--stats /no/such"), "{error}");
    }
}
