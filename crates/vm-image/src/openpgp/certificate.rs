//! Which keys of a certificate may sign, and until when (RFC 9580 §10.1).

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use pgp::{
    composed::{SignedPublicKey, SignedPublicSubKey},
    packet::{PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData},
    types::{Fingerprint, KeyDetails as _, KeyId, Tag},
};

/// A key that may sign, with what its certificate says about it.
#[derive(Debug)]
pub struct SigningKey {
    material: Material,
    fingerprint: Fingerprint,
    key_id: KeyId,
    user: String,
    created: SystemTime,
    expires: Option<SystemTime>,
    revoked: bool,
}

#[derive(Debug)]
enum Material {
    Primary(Box<PublicKey>),
    Subkey(Box<PublicSubkey>),
}

impl SigningKey {
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Checks a signature's mathematics.
    pub fn verify(&self, signature: &Signature, text: &[u8]) -> pgp::errors::Result<()> {
        match &self.material {
            Material::Primary(key) => signature.verify(key.as_ref(), text),
            Material::Subkey(key) => signature.verify(key.as_ref(), text),
        }
    }

    /// # Errors
    /// Why the key may not be used at that time, as the end of a sentence.
    pub fn usable_at(&self, now: SystemTime) -> Result<(), &'static str> {
        if self.revoked {
            return Err("has been revoked");
        }
        match self.expires {
            Some(expires) if expires <= now => Err("has expired"),
            _ if self.created > now => Err("is from the future; check the host's clock"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X} ({})", self.fingerprint, self.user)
    }
}

/// The keys of a certificate that may sign. Only what the certificate's own primary
/// key confirms counts.
pub fn signing_keys(certificate: &SignedPublicKey, now: SystemTime) -> Vec<SigningKey> {
    let primary = &certificate.primary_key;
    let Some((own, user)) = newest_self_signature(certificate, now) else {
        return Vec::new();
    };
    let revoked = certificate
        .details
        .revocation_signatures
        .iter()
        .any(|signature| signature.verify_key(primary).is_ok());
    let expires = expiry(primary.created_at().into(), own);
    let mut keys = Vec::new();
    if own.key_flags().sign() {
        keys.push(SigningKey {
            material: Material::Primary(Box::new(primary.clone())),
            fingerprint: primary.fingerprint(),
            key_id: primary.legacy_key_id(),
            user: user.clone(),
            created: primary.created_at().into(),
            expires,
            revoked,
        });
    }
    for subkey in &certificate.public_subkeys {
        let Some(binding) = newest_binding(primary, subkey, now) else {
            continue;
        };
        let created = subkey.key.created_at().into();
        // A subkey lives no longer than the primary key that vouches for it.
        let expires = [expires, expiry(created, binding)]
            .into_iter()
            .flatten()
            .min();
        keys.push(SigningKey {
            material: Material::Subkey(Box::new(subkey.key.clone())),
            fingerprint: subkey.key.fingerprint(),
            key_id: subkey.key.legacy_key_id(),
            user: user.clone(),
            created,
            expires,
            revoked: revoked || is_revoked(primary, subkey),
        });
    }
    keys
}

fn expiry(created: SystemTime, signature: &Signature) -> Option<SystemTime> {
    let lifetime = Duration::from(signature.key_expiration_time()?);
    // RFC 9580 §5.2.3.13: zero means that the key never expires.
    (!lifetime.is_zero()).then(|| created + lifetime)
}

/// The signature in force: the newest one, of those that already exist.
fn newest<'a>(
    signatures: impl Iterator<Item = &'a Signature>,
    now: SystemTime,
) -> Option<&'a Signature> {
    signatures
        .filter_map(|signature| Some((SystemTime::from(signature.created()?), signature)))
        .filter(|(created, _)| *created <= now)
        .max_by_key(|(created, _)| *created)
        .map(|(_, signature)| signature)
}

/// The self-signature in force that says what the primary key is for, and the name of
/// the first user it has. Newer certificates say it about the key itself, older ones
/// about each user (RFC 9580 §5.2.3.10).
fn newest_self_signature(
    certificate: &SignedPublicKey,
    now: SystemTime,
) -> Option<(&Signature, String)> {
    let primary = &certificate.primary_key;
    let details = &certificate.details;
    let about_users = details.users.iter().flat_map(|user| {
        let valid = |s: &&Signature| {
            s.verify_certification(primary, Tag::UserId, &user.id)
                .is_ok()
        };
        user.signatures.iter().filter(valid)
    });
    let about_key = details
        .direct_signatures
        .iter()
        .filter(|s| s.verify_key(primary).is_ok());
    let own = newest(
        about_users.chain(about_key).filter(|s| has_key_flags(s)),
        now,
    )?;
    let user = details
        .users
        .first()
        .map(|user| String::from_utf8_lossy(user.id.id()).into_owned());
    Some((own, user.unwrap_or_else(|| "no name".to_owned())))
}

fn has_key_flags(signature: &Signature) -> bool {
    signature.config().is_some_and(|config| {
        config
            .hashed_subpackets()
            .any(|p| matches!(p.data, SubpacketData::KeyFlags(_)))
    })
}

/// The binding in force, if it lets the subkey sign and the subkey agrees: without its
/// own signature anyone could claim a stranger's key as theirs (RFC 9580 §5.2.1.10).
fn newest_binding<'a>(
    primary: &PublicKey,
    subkey: &'a SignedPublicSubKey,
    now: SystemTime,
) -> Option<&'a Signature> {
    let valid = subkey.signatures.iter().filter(|signature| {
        signature.typ() == Some(SignatureType::SubkeyBinding)
            && signature
                .verify_subkey_binding(primary, &subkey.key)
                .is_ok()
    });
    newest(valid, now).filter(|binding| {
        binding.key_flags().sign()
            && binding.embedded_signature().is_some_and(|back| {
                back.verify_primary_key_binding(&subkey.key, primary)
                    .is_ok()
            })
    })
}

fn is_revoked(primary: &PublicKey, subkey: &SignedPublicSubKey) -> bool {
    subkey.signatures.iter().any(|signature| {
        signature.typ() == Some(SignatureType::SubkeyRevocation)
            && signature
                .verify_subkey_binding(primary, &subkey.key)
                .is_ok()
    })
}
