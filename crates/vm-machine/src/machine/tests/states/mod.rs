//! States of whole machines, one file for each layout that any program has
//! written: this one reads them all, and the guests in them go on.
//!
//! Whoever raises the version of a kind, or adds one, keeps its states in a file with
//!
//! ```console
//! $ cargo test -p vm-machine keep_the_states_of_this_program -- --ignored
//! ```

mod layout;
mod samples;

use std::{collections::BTreeMap, fs, io};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use vm_core::snapshot::SavedState;

use super::*;
use layout::Layouts;
use samples::{SAMPLES, Sample};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states")
}

/// The kept states of a sample, oldest first, with their files' names.
fn kept(sample: &Sample) -> Vec<(String, SavedState)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let number = name.strip_prefix(sample.name).and_then(|rest| {
            let number = rest.strip_prefix('-')?.strip_suffix(".cbor.gz")?;
            number.parse::<u32>().ok()
        });
        if let Some(number) = number {
            let file = fs::File::open(directory().join(&name)).unwrap();
            let saved = ciborium::from_reader(GzDecoder::new(file)).unwrap();
            found.insert(number, (name, saved));
        }
    }
    found.into_values().collect()
}

fn keep(sample: &Sample, number: usize, saved: &SavedState) -> io::Result<()> {
    let name = format!("{}-{number}.cbor.gz", sample.name);
    let file = fs::File::create(directory().join(name))?;
    let mut packed = GzEncoder::new(file, Compression::best());
    ciborium::into_writer(saved, &mut packed).map_err(io::Error::other)?;
    packed.finish().map(drop)
}

#[test]
fn what_this_program_writes_is_kept_in_a_file() {
    for sample in SAMPLES {
        let now = Layouts::of(&sample.take());
        let kept = kept(sample);
        let (name, newest) = kept.last().expect(sample.name);
        let problems = now.compare(&Layouts::of(newest));
        assert!(problems.is_empty(), "{name}: {}", problems.join("\n"));
    }
}

#[test]
fn every_kept_state_is_restored_and_goes_on() {
    for sample in SAMPLES {
        for (name, saved) in kept(sample) {
            let state = MachineState::from_saved(&saved);
            let state = state.unwrap_or_else(|error| panic!("{name}: {error}"));
            let directory = tempfile::tempdir().unwrap();
            let mut fixture = sample.machine(directory.path());
            let restored = fixture.machine.restore(&state);
            restored.unwrap_or_else(|error| panic!("{name}: {error}"));
            (sample.finish)(fixture);
        }
    }
}

#[test]
#[ignore = "writes files: for whoever has changed what is saved"]
fn keep_the_states_of_this_program() {
    fs::create_dir_all(directory()).unwrap();
    for sample in SAMPLES {
        let saved = sample.take();
        let kept = kept(sample);
        let is_new = kept.last().is_none_or(|(_, newest)| {
            let problems = Layouts::of(&saved).compare(&Layouts::of(newest));
            !problems.is_empty()
        });
        if is_new {
            keep(sample, kept.len() + 1, &saved).unwrap();
        }
    }
}
