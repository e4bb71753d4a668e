//! Measurements that are remembered: a SQLite file.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{fingerprint::Fingerprint, git::Commit};
use crate::process;

/// Version of the tables.
const FORMAT: i64 = 1;

const TABLES: &str = "
CREATE TABLE machine (
    id INTEGER PRIMARY KEY,
    cpu TEXT NOT NULL,
    cores INTEGER NOT NULL,
    kernel TEXT NOT NULL,
    rustc TEXT NOT NULL,
    code TEXT NOT NULL,
    UNIQUE (cpu, cores, kernel, rustc, code)
);
CREATE TABLE recording (
    id INTEGER PRIMARY KEY,
    commit_id TEXT NOT NULL,
    committed TEXT NOT NULL,
    subject TEXT NOT NULL,
    machine INTEGER NOT NULL REFERENCES machine (id),
    measured TEXT NOT NULL
);
CREATE TABLE measurement (
    recording INTEGER NOT NULL REFERENCES recording (id),
    benchmark TEXT NOT NULL,
    metric TEXT NOT NULL,
    value REAL NOT NULL
);
CREATE INDEX measurements ON measurement (recording, benchmark, metric);
";

/// What is measured of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// CPU time in nanoseconds; many samples.
    Time,
    /// Host instructions, exact.
    Instructions,
    /// A promise of SPECIFICATION.md, in its own unit.
    Promise,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Instructions => "instructions",
            Self::Promise => "promise",
        }
    }
}

/// Measurements of one commit on one machine, made together.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What was measured.
    pub commit: Commit,
    /// On what.
    pub machine: Fingerprint,
    /// When, in ISO 8601.
    pub measured: String,
    /// Benchmark and its samples, sorted by name.
    pub samples: Vec<(String, Vec<f64>)>,
}

/// The database.
#[derive(Debug)]
pub struct Database(Connection);

impl Database {
    /// Opens a file, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be opened, or another version of this program wrote it.
    pub fn open(path: &Path) -> Result<Self> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let open = || -> Result<Self> { Self::of(Connection::open(path)?) };
        open().with_context(|| format!("cannot use the database {}", path.display()))
    }

    fn of(connection: Connection) -> Result<Self> {
        let version = "PRAGMA user_version";
        let mut format: i64 = connection.query_row(version, [], |row| row.get(0))?;
        if format == 0 {
            connection.execute_batch(&format!("BEGIN; {TABLES} {version} = {FORMAT}; COMMIT;"))?;
            format = FORMAT;
        }
        ensure!(
            format == FORMAT,
            "its format is {format}, not {FORMAT}; move it away to begin anew"
        );
        Ok(Self(connection))
    }

    /// Remembers values of benchmarks, all of one commit, machine and metric.
    ///
    /// # Errors
    /// If they cannot be written; then none is.
    pub fn add(
        &mut self,
        commit: &Commit,
        machine: &Fingerprint,
        metric: Metric,
        values: &[(String, Vec<f64>)],
    ) -> Result<()> {
        let transaction = self.0.transaction()?;
        let Fingerprint {
            cpu,
            cores,
            kernel,
            rustc,
            code,
        } = machine;
        transaction.execute(
            "INSERT OR IGNORE INTO machine (cpu, cores, kernel, rustc, code)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![cpu, cores, kernel, rustc, code],
        )?;
        transaction.execute(
            "INSERT INTO recording (commit_id, committed, subject, measured, machine)
             SELECT ?1, ?2, ?3, ?4, id FROM machine
             WHERE cpu = ?5 AND cores = ?6 AND kernel = ?7 AND rustc = ?8 AND code = ?9",
            params![
                commit.id,
                commit.date,
                commit.subject,
                now()?,
                cpu,
                cores,
                kernel,
                rustc,
                code
            ],
        )?;
        let recording = transaction.last_insert_rowid();
        for (benchmark, samples) in values {
            for value in samples {
                transaction.execute(
                    "INSERT INTO measurement (recording, benchmark, metric, value)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![recording, benchmark, metric.name(), value],
                )?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// The newest count of a benchmark's instructions in a commit, on such a machine.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn instructions(
        &self,
        commit: &Commit,
        machine: &Fingerprint,
        benchmark: &str,
    ) -> Result<Option<f64>> {
        let mut statement = self.0.prepare(
            "SELECT value FROM measurement
             JOIN recording ON recording.id = recording
             JOIN machine ON machine.id = machine
             WHERE commit_id = ?1 AND benchmark = ?2 AND metric = 'instructions'
               AND cpu = ?3 AND cores = ?4 AND kernel = ?5 AND rustc = ?6 AND code = ?7
             ORDER BY measured DESC LIMIT 1",
        )?;
        let Fingerprint {
            cpu,
            cores,
            kernel,
            rustc,
            code,
        } = machine;
        let key = params![commit.id, benchmark, cpu, cores, kernel, rustc, code];
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    /// All recordings with values of that metric, in the order of their commits.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn recordings(&self, metric: Metric) -> Result<Vec<Recording>> {
        let mut statement = self.0.prepare(
            "SELECT recording.id, commit_id, committed, subject, measured,
                    cpu, cores, kernel, rustc, code, benchmark, value
             FROM measurement
             JOIN recording ON recording.id = recording
             JOIN machine ON machine.id = machine
             WHERE metric = ?1
             ORDER BY unixepoch(committed), recording.id, benchmark",
        )?;
        let mut rows = statement.query([metric.name()])?;
        let mut recordings: Vec<(i64, Recording)> = Vec::new();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if recordings.last().is_none_or(|last| last.0 != id) {
                let recording = Recording {
                    commit: Commit {
                        id: row.get(1)?,
                        date: row.get(2)?,
                        subject: row.get(3)?,
                    },
                    measured: row.get(4)?,
                    machine: Fingerprint {
                        cpu: row.get(5)?,
                        cores: row.get(6)?,
                        kernel: row.get(7)?,
                        rustc: row.get(8)?,
                        code: row.get(9)?,
                    },
                    samples: Vec::new(),
                };
                recordings.push((id, recording));
            }
            let (benchmark, value): (String, f64) = (row.get(10)?, row.get(11)?);
            let Some((_, Recording { samples, .. })) = recordings.last_mut() else {
                continue;
            };
            match samples.last_mut() {
                Some((name, values)) if *name == benchmark => values.push(value),
                _ => samples.push((benchmark, vec![value])),
            }
        }
        Ok(recordings
            .into_iter()
            .map(|(_, recording)| recording)
            .collect())
    }
}

/// The date and time, in ISO 8601.
///
/// # Errors
/// If the host does not tell.
pub fn now() -> Result<String> {
    let date = process::output(process::command("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]))?;
    Ok(date.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(id: &str, date: &str) -> Commit {
        Commit {
            id: id.to_owned(),
            date: date.to_owned(),
            subject: "what's new".to_owned(),
        }
    }

    fn machine(cores: u32) -> Fingerprint {
        let text = || "x".to_owned();
        Fingerprint {
            cpu: text(),
            cores,
            kernel: text(),
            rustc: text(),
            code: text(),
        }
    }

    #[test]
    fn what_is_added_is_found_in_the_order_of_commits() {
        let mut database = Database::of(Connection::open_in_memory().unwrap()).unwrap();
        let newer = commit("b", "2026-01-01T12:00:00+02:00");
        let older = commit("a", "2026-01-01T11:30:00+03:00");
        let values = |value| vec![("tlb".to_owned(), vec![value, value + 1.0])];
        for (commit, value) in [(&newer, 5.0), (&older, 7.0)] {
            let add = database.add(commit, &machine(2), Metric::Time, &values(value));
            add.unwrap();
        }
        let found = database.recordings(Metric::Time).unwrap();
        let ids: Vec<_> = found.iter().map(|recording| &recording.commit).collect();
        assert_eq!(ids, [&older, &newer]);
        assert_eq!(found[0].samples, values(7.0));
        assert_eq!(found[0].machine, machine(2));
        assert!(database.recordings(Metric::Promise).unwrap().is_empty());
    }

    #[test]
    fn counts_are_those_of_the_same_machine() {
        let mut database = Database::of(Connection::open_in_memory().unwrap()).unwrap();
        let commit = commit("a", "2026-01-01T12:00:00Z");
        let values = [("emit".to_owned(), vec![100.0])];
        let add = database.add(&commit, &machine(2), Metric::Instructions, &values);
        add.unwrap();
        let count = |cores, name| database.instructions(&commit, &machine(cores), name);
        assert_eq!(count(2, "emit").unwrap(), Some(100.0));
        assert_eq!(count(4, "emit").unwrap(), None);
        assert_eq!(count(2, "tlb").unwrap(), None);
    }

    #[test]
    fn a_file_of_another_format_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/measurements.db");
        drop(Database::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA user_version = 9").unwrap();
        let error = format!("{:#}", Database::open(&path).unwrap_err());
        assert!(error.contains("format is 9") && error.contains("measurements.db"));
    }
}
