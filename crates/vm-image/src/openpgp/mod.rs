//! Signatures, checked as `gpgv` does: a clear-signed text is good if a key of a given
//! keyring signed it, and that keyring alone decides which keys are trusted.

mod certificate;
mod keyring;

use std::time::{Duration, SystemTime};

use pgp::{
    composed::CleartextSignedMessage,
    crypto::hash::HashAlgorithm,
    packet::{Signature, SignatureType},
};

use crate::ImageError;
use certificate::SigningKey;
pub use keyring::Keyring;

/// How far the host's clock may be behind the signer's.
const CLOCK_SKEW: Duration = Duration::from_secs(600);

/// A text whose signature is good.
#[derive(Debug)]
pub struct Verified {
    /// The signed text; what stood around it is not part of it.
    pub text: String,
    /// Who signed it: fingerprint and name of each key.
    pub signers: Vec<String>,
}

impl Keyring {
    /// Checks a clear-signed message that came from `url`.
    ///
    /// At least one signature must be by a usable key of this keyring. A signature that
    /// claims such a key and does not fit the text condemns the whole message, however
    /// many others are good; signatures by unknown keys do not count.
    ///
    /// # Errors
    /// [`ImageError::Signature`], which tells what became of each signature.
    pub fn verify(
        &self,
        url: &str,
        message: &[u8],
        now: SystemTime,
    ) -> Result<Verified, ImageError> {
        let failed = |cause: String| ImageError::Signature {
            url: url.to_owned(),
            cause,
            keyring: self.origin().to_owned(),
        };
        let message = std::str::from_utf8(message)
            .map_err(|_| failed("it is not text".to_owned()))
            .and_then(|text| {
                CleartextSignedMessage::from_string(text)
                    .map_err(|e| failed(format!("it is no clear-signed message ({})", explain(&e))))
            })?
            .0;
        let text = message.signed_text();
        let mut signers = Vec::new();
        let mut failures = Vec::new();
        for signature in message.signatures() {
            match self.check(signature, &text, now) {
                Ok(signer) => signers.push(signer),
                Err(Failure::Forged(cause)) => return Err(failed(cause)),
                Err(Failure::Unusable(cause)) => failures.push(cause),
            }
        }
        if signers.is_empty() {
            let none = || "there is no signature".to_owned();
            let cause = if failures.is_empty() {
                none()
            } else {
                failures.join("; ")
            };
            return Err(failed(cause));
        }
        Ok(Verified {
            text: text.replace("\r\n", "\n"),
            signers,
        })
    }

    fn check(&self, signature: &Signature, text: &str, now: SystemTime) -> Result<String, Failure> {
        let unusable = |cause: &str| Err(Failure::Unusable(cause.to_owned()));
        let Some(key) = self.issuer(signature) else {
            return Err(Failure::Unusable(format!(
                "key {} is unknown",
                issuer_name(signature)
            )));
        };
        if !matches!(
            signature.typ(),
            Some(SignatureType::Text | SignatureType::Binary)
        ) {
            return unusable("a signature is not one over a text");
        }
        if !signature.hash_alg().is_some_and(is_strong) {
            return unusable("a signature uses a weak digest algorithm");
        }
        check_dates(signature, key, now).map_err(Failure::Unusable)?;
        key.verify(signature, text.as_bytes()).map_err(|e| {
            Failure::Forged(format!(
                "the signature by {key} does not fit ({})",
                explain(&e)
            ))
        })?;
        Ok(key.to_string())
    }

    fn issuer(&self, signature: &Signature) -> Option<&SigningKey> {
        self.keys().iter().find(|key| {
            signature
                .issuer_fingerprint()
                .into_iter()
                .any(|f| key.fingerprint() == f)
                || signature
                    .issuer_key_id()
                    .into_iter()
                    .any(|id| key.key_id() == id)
        })
    }
}

/// Why a signature does not count.
enum Failure {
    /// It can be neither believed nor held against the message.
    Unusable(String),
    /// It is by a trusted key and wrong: the text was changed.
    Forged(String),
}

/// An error of the OpenPGP library in words; one of its kinds prints its cause as a
/// programmer would, stack and all.
fn explain(error: &pgp::errors::Error) -> String {
    match error {
        pgp::errors::Error::InvalidPacketContent { source } => explain(source),
        error => error.to_string(),
    }
}

fn is_strong(hash: HashAlgorithm) -> bool {
    use HashAlgorithm as H;
    matches!(
        hash,
        H::Sha256 | H::Sha384 | H::Sha512 | H::Sha3_256 | H::Sha3_512
    )
}

fn issuer_name(signature: &Signature) -> String {
    let fingerprint = signature
        .issuer_fingerprint()
        .first()
        .map(|f| format!("{f:X}"));
    let id = || {
        signature
            .issuer_key_id()
            .first()
            .map(|id| format!("{id:?}"))
    };
    fingerprint
        .or_else(id)
        .unwrap_or_else(|| "(unnamed)".to_owned())
}

fn check_dates(signature: &Signature, key: &SigningKey, now: SystemTime) -> Result<(), String> {
    let created = signature.created().ok_or("a signature has no date")?;
    let created = SystemTime::from(created);
    if created > now + CLOCK_SKEW {
        return Err(format!(
            "the signature by {key} is from the future; check the host's clock"
        ));
    }
    let lifetime = signature.signature_expiration_time().map(Duration::from);
    if lifetime.is_some_and(|l| !l.is_zero() && created + l < now) {
        return Err(format!("the signature by {key} has expired"));
    }
    key.usable_at(now).map_err(|why| format!("key {key} {why}"))
}

#[cfg(test)]
mod tests;
