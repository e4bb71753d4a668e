//! Saved device state: named, versioned, self-describing.

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
    /// The state was written by a newer version.
    #[error("the saved state of `{kind}` has version {found}; this program reads up to {newest}")]
    UnknownVersion {
        /// The component's kind.
        kind: &'static str,
        /// The state's version.
        found: u32,
        /// The newest version this program reads.
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

impl SavedState {
    /// Encodes `state` as version `version` of `kind`.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if the state does not serialise.
    pub fn encode<S: Serialize>(
        kind: &'static str,
        version: u32,
        state: &S,
    ) -> Result<Self, SnapshotError> {
        let mut payload = Vec::new();
        ciborium::into_writer(state, &mut payload).map_err(|e| SnapshotError::Encode {
            kind,
            cause: e.to_string(),
        })?;
        Ok(Self {
            kind: kind.to_owned(),
            version,
            payload,
        })
    }

    /// Decodes the payload after checking that it is version `version` of `kind`.
    ///
    /// # Errors
    /// Any [`SnapshotError`] but [`SnapshotError::Encode`].
    pub fn decode<S: DeserializeOwned>(
        &self,
        kind: &'static str,
        version: u32,
    ) -> Result<S, SnapshotError> {
        if self.kind != kind {
            return Err(SnapshotError::WrongKind {
                expected: kind,
                found: self.kind.clone(),
            });
        }
        if self.version != version {
            return Err(SnapshotError::UnknownVersion {
                kind,
                found: self.version,
                newest: version,
            });
        }
        ciborium::from_reader(self.payload.as_slice()).map_err(|e| SnapshotError::Decode {
            kind,
            version,
            cause: e.to_string(),
        })
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
        let saved = SavedState::encode("thing", 1, &(1u8, "two")).unwrap();
        assert_eq!(
            saved.decode::<(u8, String)>("thing", 1).unwrap(),
            (1, "two".to_owned())
        );
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        let saved = SavedState::encode("thing", 2, &7u8).unwrap();
        assert!(matches!(
            saved.decode::<u8>("other", 2),
            Err(SnapshotError::WrongKind { .. })
        ));
        assert!(matches!(
            saved.decode::<u8>("thing", 1),
            Err(SnapshotError::UnknownVersion {
                found: 2,
                newest: 1,
                ..
            })
        ));
        assert!(matches!(
            saved.decode::<String>("thing", 2),
            Err(SnapshotError::Decode { .. })
        ));
    }
}
