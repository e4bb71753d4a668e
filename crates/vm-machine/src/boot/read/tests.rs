use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};

use super::*;

fn read_with(content: &[u8], memory: u64) -> Result<Vec<u8>, BootError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, content).unwrap();
    read_path(&path, memory)
}

fn read_path(path: &Path, memory: u64) -> Result<Vec<u8>, BootError> {
    let source = Source {
        arch: GuestArch::Riscv64,
        setting: Setting::Kernel,
        path,
        memory: ByteSize(memory),
        names: false,
    };
    let content = source.open_unpacked(&mut Files::default())?;
    assert_eq!(content.len(), content.begin(u64::MAX).unwrap().len() as u64);
    source.bytes(content)
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn unpacks_gzip_and_nothing_else() {
    assert_eq!(read_with(&gzip(b"hello"), 99).unwrap(), b"hello");
    assert_eq!(read_with(b"plain", 99).unwrap(), b"plain");
    let padded = [gzip(b"one, "), gzip(b"two"), vec![0; 512]].concat();
    assert_eq!(read_with(&padded, 99).unwrap(), b"one, two");
    let junk = [gzip(b"hello"), b"junk".to_vec()].concat();
    assert_eq!(read_with(&junk, 99).unwrap(), b"hello");
}

#[test]
fn never_unpacks_more_than_the_guest_could_hold() {
    let bomb = gzip(&vec![0; 1 << 20]);
    assert!(matches!(
        read_with(&bomb, 1 << 16),
        Err(BootError::TooLarge { .. })
    ));
}

#[cfg(unix)]
#[test]
fn never_reads_more_from_a_device_than_the_guest_could_hold() {
    assert!(matches!(
        read_path(Path::new("/dev/zero"), 1 << 16),
        Err(BootError::TooLarge { .. })
    ));
}

#[test]
fn damage_is_reported_with_the_file() {
    let mut packed = gzip(b"hello hello hello");
    packed.truncate(packed.len() - 4);
    let message = read_with(&packed, 99).unwrap_err().to_string();
    assert!(
        message.starts_with("kernel ") && message.contains("damaged"),
        "{message}"
    );
    assert!(
        read_with(b"", 99)
            .unwrap_err()
            .to_string()
            .contains("empty")
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    for (path, part) in [
        (missing.as_path(), "cannot read"),
        (directory.path(), "directory"),
    ] {
        let message = read_path(path, 99).unwrap_err().to_string();
        let named = format!("kernel {}: ", path.display());
        assert!(message.starts_with(&named), "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_a_length_is_read_to_its_end() {
    // The kernel makes it up when it is read.
    let path = Path::new("/proc/self/status");
    if path.exists() {
        assert!(read_path(path, 1 << 20).unwrap().starts_with(b"Name:"));
    }
}

#[test]
fn a_large_file_is_not_read_before_it_is_needed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1 << 40).unwrap();
    let source = Source {
        arch: GuestArch::Riscv64,
        setting: Setting::Initrd,
        path: file.path(),
        memory: ByteSize(99),
        names: false,
    };
    let content = source.open(&mut Files::default()).unwrap();
    assert_eq!(content.len(), 1 << 40);
    let message = source.bytes(content).unwrap_err().to_string();
    assert!(message.contains("more than 1G"), "{message}");
}
