//! Debian packages.

use std::io::Write as _;

/// The tar archive of these files, names taken as they are.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, data) in files {
        let mut header = tar::Header::new_gnu();
        // `set_path` refuses names that lead out of the archive.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(if path.ends_with('/') {
            tar::EntryType::Directory
        } else {
            tar::EntryType::Regular
        });
        header.set_cksum();
        archive.append(&header, *data).unwrap();
    }
    archive.into_inner().unwrap()
}

/// Data compressed with xz.
pub fn xz(data: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

/// The ar archive of these members.
pub fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ar::Builder::new(Vec::new());
    for (name, data) in members {
        let header = ar::Header::new(name.as_bytes().to_vec(), data.len() as u64);
        archive.append(&header, *data).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A package with these files.
pub fn deb(files: &[(&str, &[u8])]) -> Vec<u8> {
    ar(&[
        ("debian-binary", b"2.0\n"),
        (
            "control.tar.xz",
            &xz(&tar(&[("./control", b"Package: x\n")])),
        ),
        ("data.tar.xz", &xz(&tar(files))),
    ])
}
