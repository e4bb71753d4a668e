//! Signatures that count, and those that do not.

use std::fs;

use pgp::{
    packet::{Subpacket, SubpacketData},
    types::KeyVersion,
};

use super::*;
use crate::testing::keys::{TestKey, birth, clear_sign};

const TEXT: &str = "Codename: trixie\n- dashes are escaped\nend\n";
const HOUR: Duration = Duration::from_secs(3600);

fn check_at(keys: &[&TestKey], message: &[u8], now: SystemTime) -> Result<Verified, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    // One armored block holds one certificate here; a keyring's order does not matter.
    let mut merged: Option<Keyring> = None;
    for key in keys {
        fs::write(file.path(), key.keyring()).unwrap();
        let keyring = Keyring::choose(Some(file.path()), now).map_err(|e| e.to_string())?;
        match &mut merged {
            Some(merged) => merged.merge(keyring),
            None => merged = Some(keyring),
        }
    }
    merged
        .unwrap()
        .verify("test://release", message, now)
        .map_err(|e| e.to_string())
}

fn check(key: &TestKey, message: &[u8]) -> Result<Verified, String> {
    check_at(&[key], message, SystemTime::now())
}

#[test]
fn primary_keys_and_subkeys_may_sign() {
    for version in [KeyVersion::V4, KeyVersion::V6] {
        let key = TestKey::with_version(1, version);
        for message in [key.sign(TEXT), key.sign_with_subkey(TEXT)] {
            let verified = check(&key, &message).unwrap();
            assert_eq!(verified.text.trim_end(), TEXT.trim_end());
            assert!(
                verified.signers[0].contains("Test key 1"),
                "{:?}",
                verified.signers
            );
        }
    }
}

#[test]
fn one_known_signer_among_others_is_enough() {
    let (known, unknown) = (TestKey::new(1), TestKey::new(2));
    let message = clear_sign(TEXT, vec![unknown.signature(TEXT), known.signature(TEXT)]);
    let verified = check(&known, &message).unwrap();
    assert_eq!(verified.signers.len(), 1);
    let both = check_at(&[&known, &unknown], &message, SystemTime::now()).unwrap();
    assert_eq!(both.signers.len(), 2);
}

#[test]
fn a_forged_signature_condemns_the_message() {
    let (good, forged) = (TestKey::new(1), TestKey::new(2));
    let message = clear_sign(
        TEXT,
        vec![good.signature(TEXT), forged.signature("other text")],
    );
    assert!(check(&good, &message).is_ok());
    let error = check_at(&[&good, &forged], &message, SystemTime::now()).unwrap_err();
    assert!(
        error.contains("does not fit") && error.contains("Test key 2"),
        "{error}"
    );
}

#[test]
fn keys_end_with_their_life() {
    let message = TestKey::new(1).sign(TEXT);
    let life = Duration::from_secs(2_000_000);
    let key = || TestKey::new(1).living_for(life);
    assert!(check(&key(), &message).is_ok());
    let later = birth() + life + HOUR;
    let error = check_at(&[&key()], &message, later).unwrap_err();
    assert!(
        error.contains("has expired") && error.contains("Test key 1"),
        "{error}"
    );
    // The subkey ends with the primary key that vouches for it.
    let message = TestKey::new(1).sign_with_subkey(TEXT);
    assert!(
        check_at(&[&key()], &message, later)
            .unwrap_err()
            .contains("has expired")
    );
}

#[test]
fn revoked_keys_do_not_count() {
    let key = TestKey::new(1).revoked();
    for message in [key.sign(TEXT), key.sign_with_subkey(TEXT)] {
        assert!(
            check(&key, &message)
                .unwrap_err()
                .contains("has been revoked")
        );
    }
    let key = TestKey::new(1).with_revoked_subkey();
    assert!(check(&key, &key.sign(TEXT)).is_ok());
    let error = check(&key, &key.sign_with_subkey(TEXT)).unwrap_err();
    assert!(error.contains("has been revoked"), "{error}");
}

#[test]
fn a_subkey_must_agree_to_its_binding() {
    let owner = TestKey::new(2);
    let thief = TestKey::new(1).claiming_subkey_of(&owner);
    let error = check(&thief, &owner.sign_with_subkey(TEXT)).unwrap_err();
    assert!(error.contains("is unknown"), "{error}");
}

#[test]
fn dates_and_digests_of_signatures_matter() {
    let key = TestKey::new(1);
    let now = SystemTime::now();
    let message = |time, change: &dyn Fn(&mut pgp::packet::SignatureConfig)| {
        clear_sign(TEXT, vec![key.signature_with(TEXT, time, change)])
    };
    let error = check(&key, &message(now + HOUR, &|_| ())).unwrap_err();
    assert!(error.contains("from the future"), "{error}");
    let short = SubpacketData::SignatureExpirationTime(Duration::from_secs(60).try_into().unwrap());
    let expiring = |config: &mut pgp::packet::SignatureConfig| {
        config
            .hashed_subpackets
            .push(Subpacket::regular(short.clone()).unwrap());
    };
    assert!(check(&key, &message(now, &expiring)).is_ok());
    let error = check(&key, &message(now - HOUR, &expiring)).unwrap_err();
    assert!(
        error.contains("signature") && error.contains("has expired"),
        "{error}"
    );
    let undated = |config: &mut pgp::packet::SignatureConfig| {
        config.hashed_subpackets.remove(0);
    };
    assert!(
        check(&key, &message(now, &undated))
            .unwrap_err()
            .contains("no date")
    );
    let about_the_key = clear_sign(TEXT, vec![key.revocation()]);
    assert!(
        check(&key, &about_the_key)
            .unwrap_err()
            .contains("not one over a text")
    );
}

#[test]
fn no_signature_is_not_enough() {
    let key = TestKey::new(1);
    assert!(check(&key, b"\xff").unwrap_err().contains("not text"));
    assert!(
        check(&key, TEXT.as_bytes())
            .unwrap_err()
            .contains("no clear-signed message")
    );
}

#[test]
fn weak_digests_are_refused() {
    for weak in [
        HashAlgorithm::Md5,
        HashAlgorithm::Sha1,
        HashAlgorithm::Ripemd160,
    ] {
        assert!(!is_strong(weak));
    }
    assert!(is_strong(HashAlgorithm::Sha256) && is_strong(HashAlgorithm::Sha512));
}
