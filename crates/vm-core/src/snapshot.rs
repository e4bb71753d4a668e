//! Saved device state: named, versioned, self-describing. A program reads the
//! versions that it has written and those before; see [`Kind`].

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The state of one component, as kept in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedState {
    /// The kind of component that wrote it, such as `ns16550a`.
    pub kind: String,
    /// The version of the payload's layout; a kind counts its own from 1.
    pub version: u32,
    /// The state type of that kind and version, as CBOR (RFC 8949).
    pub payload: Vec<u8>,
}

/// A state that cannot be saved or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The state could not be encoded.
    #[error("cannot encode the state of `{kind}`: {cause}")]
    Encode {
        /// The component's kind.
        kind: &'static str,
        /// What the encoder said.
        cause: String,
    },
    /// The payload is not what its kind and version promise.
    #[error("the saved state of `{kind}` (version {version}) is damaged: {cause}")]
    Decode {
        /// The component's kind.
        kind: &'static str,
        /// The payload's version.
        version: u32,
        /// What is wrong with it.
        cause: String,
    },
    /// The state belongs to another kind of component.
    #[error("the saved state is of `{found}`, but the machine has `{expected}` there")]
    WrongKind {
        /// The component's kind.
        expected: &'static str,
        /// The state's kind.
        found: String,
    },
    /// The state was written by a newer program.
    #[error(
        "the saved state of `{kind}` has version {found}, and this program reads up to {newest}: \
         use the program that saved it, or a newer one"
    )]
    TooNew {
        /// The component's kind.
        kind: &'static str,
        /// The state's version.
        found: u32,
        /// The newest version this program reads.
        newest: u32,
    },
    /// The state was written by an older program, and no way leads from there.
    #[error(
        "the saved state of `{kind}` has version {found}, which is too old for this program: \
         it has version {newest} itself; restore with the program that saved it"
    )]
    TooOld {
        /// The component's kind.
        kind: &'static str,
        /// The state's version.
        found: u32,
        /// The version this program writes.
        newest: u32,
    },
    /// The state is sound, but of a machine that was configured differently.
    #[error("the saved state of `{kind}` does not fit this machine: {cause}")]
    Mismatch {
        /// The component's kind.
        kind: &'static str,
        /// What differs, and what to change.
        cause: String,
    },
}

/// A kind of component: its name, its state type `S`, the version of that type's
/// layout, and how older versions become one.
///
/// Whoever changes the layout of `S` raises the version, keeps the old type and
/// [reads](Older::read) it in the migration. For a field that is added,
/// `#[serde(default)]` makes the new type read the old layout itself.
#[derive(Debug, Clone, Copy)]
pub struct Kind<S> {
    name: &'static str,
    version: u32,
    migrate: fn(&Older<'_>) -> Result<S, SnapshotError>,
}

impl<S: Serialize + DeserializeOwned> Kind<S> {
    /// A kind that has had no version before `version` which anybody may still have.
    pub const fn new(name: &'static str, version: u32) -> Self {
        Self {
            name,
            version,
            migrate: |older| Err(older.too_old()),
        }
    }

    /// The same kind; `migrate` reads its older versions, and returns
    /// [`Older::too_old`] for those from which no way leads.
    #[must_use]
    pub const fn migrating(mut self, migrate: fn(&Older<'_>) -> Result<S, SnapshotError>) -> Self {
        self.migrate = migrate;
        self
    }

    /// The kind's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Encodes `state`.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if the state does not serialise.
    pub fn save(&self, state: &S) -> Result<SavedState, SnapshotError> {
        let mut payload = Vec::new();
        ciborium::into_writer(state, &mut payload).map_err(|e| SnapshotError::Encode {
            kind: self.name,
            cause: e.to_string(),
        })?;
        Ok(SavedState {
            kind: self.name.to_owned(),
            version: self.version,
            payload,
        })
    }

    /// Decodes `saved`, whichever version it has.
    ///
    /// # Errors
    /// Any [`SnapshotError`] but [`SnapshotError::Encode`].
    pub fn load(&self, saved: &SavedState) -> Result<S, SnapshotError> {
        if saved.kind != self.name {
            return Err(SnapshotError::WrongKind {
                expected: self.name,
                found: saved.kind.clone(),
            });
        }
        if saved.version > self.version {
            return Err(SnapshotError::TooNew {
                kind: self.name,
                found: saved.version,
                newest: self.version,
            });
        }
        let stored = Older {
            kind: self.name,
            newest: self.version,
            saved,
        };
        if saved.version == self.version {
            stored.read()
        } else {
            (self.migrate)(&stored)
        }
    }

    /// That a state of this kind is not what its version promises.
    pub fn damaged(&self, cause: impl Into<String>) -> SnapshotError {
        SnapshotError::Decode {
            kind: self.name,
            version: self.version,
            cause: cause.into(),
        }
    }

    /// That a state of this kind is sound, but of a machine that was configured
    /// differently.
    pub fn mismatch(&self, cause: impl Into<String>) -> SnapshotError {
        SnapshotError::Mismatch {
            kind: self.name,
            cause: cause.into(),
        }
    }
}

/// A state of an older version, for the migration of its [`Kind`].
#[derive(Debug)]
pub struct Older<'a> {
    kind: &'static str,
    newest: u32,
    saved: &'a SavedState,
}

impl Older<'_> {
    /// Its version.
    pub fn version(&self) -> u32 {
        self.saved.version
    }

    /// Decodes it as the type of its version.
    ///
    /// # Errors
    /// [`SnapshotError::Decode`] if it is damaged.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SnapshotError> {
        ciborium::from_reader(self.saved.payload.as_slice()).map_err(|e| SnapshotError::Decode {
            kind: self.kind,
            version: self.saved.version,
            cause: e.to_string(),
        })
    }

    /// That no way leads from there.
    pub fn too_old(&self) -> SnapshotError {
        SnapshotError::TooOld {
            kind: self.kind,
            found: self.saved.version,
            newest: self.newest,
        }
    }
}

/// A component whose state a snapshot holds.
pub trait Snapshot {
    /// Takes the state; the machine is paused meanwhile.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if the state does not serialise.
    fn save(&self) -> Result<SavedState, SnapshotError>;

    /// Replaces the state with a saved one; on an error nothing has changed.
    ///
    /// # Errors
    /// [`SnapshotError`] if the state is of another kind or version, or damaged.
    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError>;

    /// Finishes what the component has begun and keeps its own threads away
    /// from guest memory and interrupt lines until [`resume`](Self::resume).
    ///
    /// A board calls it on every component before it saves or restores guest
    /// memory. Calls nest. Components without threads of their own need not
    /// implement it.
    fn quiesce(&self) {}

    /// Ends one [`quiesce`](Self::quiesce).
    fn resume(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let kind: Kind<(u8, String)> = Kind::new("thing", 1);
        let state = (1, "two".to_owned());
        let saved = kind.save(&state).unwrap();
        assert_eq!((saved.kind.as_str(), saved.version), ("thing", 1));
        assert_eq!(kind.load(&saved).unwrap(), state);
    }

    /// Version 1 counted in milliseconds, version 2 had no name, version 3 has.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct V3 {
        nanos: u64,
        #[serde(default)]
        name: String,
    }

    #[derive(Serialize, Deserialize)]
    struct V2 {
        nanos: u64,
    }

    #[derive(Serialize, Deserialize)]
    struct V1 {
        millis: u64,
    }

    impl From<V1> for V3 {
        fn from(old: V1) -> Self {
            Self {
                nanos: old.millis * 1_000_000,
                name: String::new(),
            }
        }
    }

    const CLOCK: Kind<V3> = Kind::new("clock", 3).migrating(|older| match older.version() {
        2 => older.read(),
        1 => older.read::<V1>().map(V3::from),
        _ => Err(older.too_old()),
    });

    #[test]
    fn older_versions_migrate_forward() {
        let want = V3 {
            nanos: 5_000_000,
            name: String::new(),
        };
        let one = Kind::new("clock", 1).save(&V1 { millis: 5 }).unwrap();
        let two = Kind::new("clock", 2).save(&V2 { nanos: 5_000_000 });
        for saved in [one, two.unwrap(), CLOCK.save(&want).unwrap()] {
            assert_eq!(CLOCK.load(&saved).unwrap(), want, "{saved:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |version, kind: &Kind<u8>| {
            let saved = Kind::new("thing", version).save(&7u8).unwrap();
            kind.load(&saved).unwrap_err().to_string()
        };
        let thing = Kind::new("thing", 2);
        assert!(message(2, &Kind::new("other", 2)).contains("`thing`, but"));
        let newer = message(3, &thing);
        assert!(
            newer.contains("version 3") && newer.contains("up to 2"),
            "{newer}"
        );
        let older = message(1, &thing);
        assert!(older.contains("version 1, which is too old"), "{older}");
        let ancient = Kind::new("clock", 0).save(&0u8).unwrap();
        let error = CLOCK.load(&ancient).unwrap_err();
        assert!(matches!(
            error,
            SnapshotError::TooOld {
                found: 0,
                newest: 3,
                ..
            }
        ));
        for version in [1, 3] {
            let saved = Kind::new("clock", version).save(&7u8).unwrap();
            let error = CLOCK.load(&saved).unwrap_err();
            assert!(matches!(error, SnapshotError::Decode { version: v, .. } if v == version));
        }
    }
}
