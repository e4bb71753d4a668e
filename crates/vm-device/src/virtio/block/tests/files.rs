//! Disks in files.

use std::{fs::File, io::Write, path::Path};

use super::DiskDriver;
use crate::virtio::{
    block::{Block, BlockBackend, BlockError, FileBackend},
    testing::MmioBus,
};

fn image(dir: &Path, name: &str, len: usize) -> std::path::PathBuf {
    let path = dir.join(name);
    File::create(&path)
        .unwrap()
        .write_all(&vec![0x5a; len])
        .unwrap();
    path
}

#[track_caller]
fn error(path: &Path, expected: &[&str]) {
    let error = Block::open(path, false, "")
        .map(drop)
        .unwrap_err()
        .to_string();
    for part in expected.iter().chain([&path.to_str().unwrap()]) {
        assert!(error.contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn what_is_no_image_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    error(&dir.path().join("missing"), &["cannot open"]);
    error(dir.path(), &["neither a file nor a block device"]);
    error(
        &image(dir.path(), "empty", 0),
        &["is empty", "sector of 512 bytes", "truncate"],
    );
    #[cfg(unix)]
    error(
        Path::new("/dev/null"),
        &["neither a file nor a block device"],
    );
}

#[test]
fn an_image_has_one_writer_or_many_readers() {
    let dir = tempfile::tempdir().unwrap();
    let path = image(dir.path(), "disk", 1024);
    {
        let _writer = FileBackend::open(&path, false).unwrap();
        error(&path, &["in use", "read-only everywhere"]);
        let error = FileBackend::open(&path, true).unwrap_err();
        assert!(matches!(
            error,
            BlockError::InUse {
                read_only: true,
                ..
            }
        ));
        assert!(!error.to_string().contains("read-only everywhere"));
    }
    let _reader = FileBackend::open(&path, true).unwrap();
    let _another = FileBackend::open(&path, true).unwrap();
    error(&path, &["in use"]);
}

#[test]
fn serial_numbers_are_short_and_printable() {
    let dir = tempfile::tempdir().unwrap();
    let path = image(dir.path(), "disk", 1024);
    for serial in ["123456789012345678901", "tab\t", "ü"] {
        let error = Block::open(&path, false, serial).map(drop).unwrap_err();
        assert!(error.to_string().contains(serial), "{error}");
    }
    let disk = Block::open(&path, false, "12345678901234567890").unwrap();
    assert_eq!(disk.capacity(), 2);
}

#[test]
fn contents_reach_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = image(dir.path(), "disk", 64 * 512);
    let device = Block::open(&path, false, "").unwrap();
    let mut driver = DiskDriver::<MmioBus>::start(std::sync::Arc::new(device));
    assert_eq!(driver.read(63, 512), [0x5a; 512]);
    driver.write(1, &[0xa5; 1024]);
    assert_eq!(driver.request(super::disk::kind::FLUSH, 0, &[], 0), 0);
    let contents = std::fs::read(&path).unwrap();
    assert_eq!(contents[512..1536], [0xa5; 1024]);
    assert_eq!(contents[1536..], [0x5a; 61 * 512]);
}

#[test]
fn cleared_ranges_read_as_zero_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    type Clear = fn(&FileBackend, u64, u64) -> std::io::Result<()>;
    let ways: [Clear; 3] = [
        FileBackend::discard,
        FileBackend::write_zeroes,
        FileBackend::zero_by_writing,
    ];
    for clear in ways {
        let path = image(dir.path(), "disk", 1 << 20);
        let backend = FileBackend::open(&path, false).unwrap();
        clear(&backend, 4096 + 512, 200 * 1024).unwrap();
        let mut data = vec![1; 1 << 20];
        backend.read_at(0, &mut data).unwrap();
        let end = 4608 + 200 * 1024;
        assert!(data[..4608].iter().all(|byte| *byte == 0x5a));
        assert!(data[4608..end].iter().all(|byte| *byte == 0));
        assert!(data[end..].iter().all(|byte| *byte == 0x5a));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 1 << 20);
    }
}

#[test]
fn a_file_that_shrank_is_an_error_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = image(dir.path(), "disk", 4096);
    let backend = FileBackend::open(&path, true).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(512)
        .unwrap();
    let error = backend.read_at(1024, &mut [0; 512]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(backend.write_at(0, &[0; 512]).is_err());
    assert!(backend.describe().contains("disk"));
}

#[test]
fn an_image_that_ends_within_a_sector_is_filled_up_with_zeros() {
    let dir = tempfile::tempdir().unwrap();
    for (len, sectors) in [(1, 1), (513, 2), (3 * 512 - 1, 3)] {
        let path = image(dir.path(), "odd", len);
        let mut expected = vec![0x5a; len];
        expected.resize(sectors * 512, 0);

        let reader = FileBackend::open(&path, true).unwrap();
        assert_eq!(reader.len(), sectors as u64 * 512);
        let mut whole = vec![1; sectors * 512];
        reader.read_at(0, &mut whole).unwrap();
        assert_eq!(whole, expected, "{len}");
        let mut last = [1; 512];
        let at = (sectors as u64 - 1) * 512;
        reader.read_at(at, &mut last).unwrap();
        assert_eq!(last[..], expected[at as usize..], "{len}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), len as u64);
        drop(reader);

        let writer = FileBackend::open(&path, false).unwrap();
        writer.write_at(at, &[0xa5; 512]).unwrap();
        writer.read_at(at, &mut last).unwrap();
        assert_eq!(last, [0xa5; 512]);
        let file = std::fs::read(&path).unwrap();
        assert_eq!(file.len(), sectors * 512);
        assert_eq!(file[at as usize..], [0xa5; 512]);
        drop(writer);
        std::fs::remove_file(path).unwrap();
    }
}
