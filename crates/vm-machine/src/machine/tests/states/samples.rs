use super::{super::*, *};
use crate::config::ConsoleDevice;

/// A machine, the moment at which its state is taken, and how it goes on.
pub(super) struct Sample {
    pub(super) name: &'static str,
    options: fn(&Path) -> MachineOptions,
    /// What it has printed when its state is taken.
    printed: &'static str,
    /// Runs what was restored to its end.
    pub(super) finish: fn(Fixture),
}

/// Between them, they have every kind of state there is.
pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "devices",
        options: |directory| {
            let options = hammering("count", 2, directory);
            options.console_device(ConsoleDevice::Virtio)
        },
        printed: "aAbB",
        finish: |mut fixture| {
            let (status, rest) = fixture.run();
            assert!(
                alphabet().ends_with(&rest) && rest.ends_with("zZ"),
                "{rest}"
            );
            assert_eq!(status, OFF);
        },
    },
    Sample {
        name: "htif",
        options: |_| bare_metal("htif-talk"),
        printed: "abcdefghijklmnopqrstuvwxyz",
        finish: |mut fixture| {
            assert!(fixture.input.send(b"!"));
            let end = (ExitStatus::PowerOff { status: 5 }, "!".to_owned());
            assert_eq!(fixture.run(), end);
        },
    },
    Sample {
        name: "firmware",
        options: |_| bare_metal("nowhere").bios(Bios::Builtin).cpus(2u32),
        printed: "",
        finish: |mut fixture| {
            let handle = fixture.machine.handle();
            let stopper = thread::spawn(move || {
                handle.save().unwrap();
                handle.stop();
            });
            assert_eq!(fixture.run().0, ExitStatus::Stopped);
            join("the end", stopper);
        },
    },
];

impl Sample {
    /// The machine; it may have disks in `directory`.
    pub(super) fn machine(&self, directory: &Path) -> Fixture {
        Fixture::new((self.options)(directory))
    }

    /// The state of a new machine, some way into its life.
    pub(super) fn take(&self) -> SavedState {
        let directory = tempfile::tempdir().unwrap();
        let mut fixture = self.machine(directory.path());
        let handle = fixture.machine.handle();
        let output = fixture.output.clone();
        let enough = self.printed.len();
        let saver = thread::spawn(move || {
            let mut seen = Vec::new();
            wait_until("the guest's output", || {
                seen.extend(output.take());
                seen.len() >= enough
            });
            handle.pause().unwrap();
            let state = handle.save().unwrap();
            handle.stop();
            seen.extend(output.take());
            (state, String::from_utf8(seen).unwrap())
        });
        assert_eq!(run(&mut fixture.machine), ExitStatus::Stopped);
        let (state, seen) = join("the saved state", saver);
        assert!(seen.starts_with(self.printed), "{seen}");
        state.to_saved().unwrap()
    }
}
