//! Signing keys.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use pgp::{
    composed::{
        ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedPublicKey,
        SignedSecretKey, SubkeyParamsBuilder,
    },
    packet::{KeyFlags, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData},
    types::{KeyDetails as _, KeyVersion, Password, SigningKey, Tag, Timestamp},
};
use rand::{SeedableRng as _, rngs::StdRng};

/// A primary key and a subkey, both of which may sign.
pub struct TestKey {
    secret: SignedSecretKey,
    public: SignedPublicKey,
    rng: StdRng,
}

fn date(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap()
}

/// When all test keys were made: the date is part of a key's fingerprint, so keys of
/// one seed are the same only if it is.
pub fn birth() -> SystemTime {
    static BIRTH: LazyLock<SystemTime> =
        LazyLock::new(|| SystemTime::now() - Duration::from_secs(1_000_000));
    *BIRTH
}

impl TestKey {
    /// Different seeds make different keys.
    pub fn new(seed: u64) -> Self {
        Self::with_version(seed, KeyVersion::V4)
    }

    /// A key of an older or newer format.
    pub fn with_version(seed: u64, version: KeyVersion) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let kind = KeyType::Ed25519;
        let subkey = SubkeyParamsBuilder::default()
            .version(version)
            .key_type(kind.clone())
            .created_at(date(birth()))
            .can_sign(true)
            .build()
            .unwrap();
        let secret = SecretKeyParamsBuilder::default()
            .version(version)
            .key_type(kind)
            .created_at(date(birth()))
            .can_certify(true)
            .can_sign(true)
            .primary_user_id(format!("Test key {seed} <test@example.org>"))
            .subkey(subkey)
            .build()
            .unwrap()
            .generate(&mut rng)
            .unwrap();
        let public = secret.to_public_key();
        Self {
            secret,
            public,
            rng,
        }
    }

    /// The key's fingerprint in hexadecimal.
    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.public.primary_key.fingerprint())
    }

    /// The certificate as a keyring file.
    pub fn keyring(&self) -> Vec<u8> {
        self.public
            .to_armored_bytes(ArmorOptions::default())
            .unwrap()
    }

    /// The certificate with a life of that length.
    pub fn living_for(mut self, life: Duration) -> Self {
        let mut flags = KeyFlags::default();
        flags.set_sign(true);
        let mut config = self.config(SignatureType::CertPositive, SystemTime::now());
        config.hashed_subpackets.extend([
            Subpacket::regular(SubpacketData::KeyFlags(flags)).unwrap(),
            Subpacket::regular(SubpacketData::KeyExpirationTime(life.try_into().unwrap())).unwrap(),
        ]);
        let key = &self.secret.primary_key;
        let user = &mut self.public.details.users[0];
        let signature = config
            .sign_certification(
                key,
                key.public_key(),
                &Password::empty(),
                Tag::UserId,
                &user.id,
            )
            .unwrap();
        user.signatures = vec![signature];
        self
    }

    /// A revocation of the primary key.
    pub fn revocation(&self) -> Signature {
        let config = self.config(SignatureType::KeyRevocation, SystemTime::now());
        let key = &self.secret.primary_key;
        config
            .sign_key(key, &Password::empty(), key.public_key())
            .unwrap()
    }

    /// The certificate with a revocation of its primary key.
    pub fn revoked(mut self) -> Self {
        let revocation = self.revocation();
        self.public.details.revocation_signatures.push(revocation);
        self
    }

    /// The certificate with a revocation of its subkey.
    pub fn with_revoked_subkey(mut self) -> Self {
        let config = self.config(SignatureType::SubkeyRevocation, SystemTime::now());
        let key = &self.secret.primary_key;
        let subkey = &mut self.public.public_subkeys[0];
        let signature = config
            .sign_subkey_binding(key, key.public_key(), &Password::empty(), &subkey.key)
            .unwrap();
        subkey.signatures.push(signature);
        self
    }

    /// The certificate with another's subkey under its own binding.
    pub fn claiming_subkey_of(mut self, other: &Self) -> Self {
        let mut stolen = other.public.public_subkeys[0].clone();
        let mut flags = KeyFlags::default();
        flags.set_sign(true);
        let mut config = self.config(SignatureType::SubkeyBinding, SystemTime::now());
        config
            .hashed_subpackets
            .push(Subpacket::regular(SubpacketData::KeyFlags(flags)).unwrap());
        let key = &self.secret.primary_key;
        stolen.signatures = vec![
            config
                .sign_subkey_binding(key, key.public_key(), &Password::empty(), &stolen.key)
                .unwrap(),
        ];
        self.public.public_subkeys = vec![stolen];
        self
    }

    /// The text, clear-signed by the primary key.
    pub fn sign(&self, text: &str) -> Vec<u8> {
        clear_sign(text, vec![self.signature(text)])
    }

    /// The text, clear-signed by the subkey.
    pub fn sign_with_subkey(&self, text: &str) -> Vec<u8> {
        let key = &self.secret.secret_subkeys[0].key;
        let config = config_for(
            self.rng.clone(),
            key,
            SignatureType::Text,
            SystemTime::now(),
        );
        clear_sign(text, vec![sign_text(config, key, text)])
    }

    /// A signature of the text by the primary key.
    pub fn signature(&self, text: &str) -> Signature {
        self.signature_with(text, SystemTime::now(), |_| ())
    }

    /// A signature of the text, of another date or changed otherwise before signing.
    pub fn signature_with(
        &self,
        text: &str,
        time: SystemTime,
        change: impl FnOnce(&mut SignatureConfig),
    ) -> Signature {
        let mut config = self.config(SignatureType::Text, time);
        change(&mut config);
        sign_text(config, &self.secret.primary_key, text)
    }

    fn config(&self, kind: SignatureType, time: SystemTime) -> SignatureConfig {
        config_for(self.rng.clone(), &self.secret.primary_key, kind, time)
    }
}

fn config_for(
    rng: StdRng,
    key: &impl SigningKey,
    kind: SignatureType,
    time: SystemTime,
) -> SignatureConfig {
    let mut config = SignatureConfig::from_key(rng, key, kind).unwrap();
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::SignatureCreationTime(date(time))).unwrap(),
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint())).unwrap(),
    ];
    config
}

fn sign_text(config: SignatureConfig, key: &impl SigningKey, text: &str) -> Signature {
    config
        .sign(
            key,
            &Password::empty(),
            text.replace('\n', "\r\n").as_bytes(),
        )
        .unwrap()
}

/// A clear-signed message with these signatures, fitting or not.
pub fn clear_sign(text: &str, signatures: Vec<Signature>) -> Vec<u8> {
    CleartextSignedMessage::new_many(text, |_| Ok(signatures))
        .unwrap()
        .to_armored_bytes(ArmorOptions::default())
        .unwrap()
}
