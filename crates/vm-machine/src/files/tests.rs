use super::*;

struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "before").unwrap();
        path
    }
}

#[test]
fn nothing_changes_before_it_begins() {
    let fixture = Fixture::new();
    let old = fixture.file("old");
    let mut output = Files::default().write(Setting::Trace, &old).unwrap();
    let mut writer = output.writer().unwrap();
    assert_eq!(fs::read(&old).unwrap(), b"before");
    output.begin().unwrap();
    io::Write::write_all(&mut writer, b"new").unwrap();
    assert_eq!(fs::read(&old).unwrap(), b"new");
    output.replace(b"a").unwrap();
    output.replace(b"b").unwrap();
    drop(output);
    assert_eq!(fs::read(&old).unwrap(), b"b");
}

#[test]
fn a_file_that_was_made_in_vain_vanishes() {
    let fixture = Fixture::new();
    let (old, new, begun) = (fixture.file("old"), fixture.path("new"), fixture.path("x"));
    for (path, begin) in [(&old, false), (&new, false), (&begun, true)] {
        let mut output = Files::default().write(Setting::Trace, path).unwrap();
        assert!(path.exists());
        if begin {
            output.begin().unwrap();
        }
    }
    assert!(old.exists() && !new.exists() && begun.exists());
}

#[cfg(unix)]
#[test]
fn the_same_file_is_found_under_any_name() {
    let fixture = Fixture::new();
    let kernel = fixture.file("kernel");
    let (soft, hard) = (fixture.path("soft"), fixture.path("hard"));
    std::os::unix::fs::symlink("kernel", &soft).unwrap();
    fs::hard_link(&kernel, &hard).unwrap();
    let mut files = Files::default();
    let who = "kernel kernel".to_owned();
    files.read(who, &File::open(&kernel).unwrap()).unwrap();
    for path in [&kernel, &soft, &hard] {
        let message = files.write(Setting::Console, path).unwrap_err().to_string();
        for part in ["console ", "kernel kernel", "overwrite"] {
            assert!(message.contains(part), "{message}");
        }
    }
    assert_eq!(fs::read(&kernel).unwrap(), b"before");

    let (one, two) = (fixture.path("one"), fixture.path("two"));
    let _first = files.write(Setting::Console, &one).unwrap();
    fs::hard_link(&one, &two).unwrap();
    let message = files.write(Setting::Stats, &two).unwrap_err().to_string();
    for part in ["stats ", "console ", "same file"] {
        assert!(message.contains(part), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_no_reason_to_lose_the_link() {
    let fixture = Fixture::new();
    let (link, target) = (fixture.path("link"), fixture.path("target"));
    std::os::unix::fs::symlink("target", &link).unwrap();
    drop(Files::default().write(Setting::Trace, &link).unwrap());
    assert!(link.is_symlink() && !target.exists());
}

#[cfg(unix)]
#[test]
fn devices_may_be_shared() {
    let null = Path::new("/dev/null");
    let mut files = Files::default();
    files
        .read("initrd".to_owned(), &File::open(null).unwrap())
        .unwrap();
    let mut first = files.write(Setting::Console, null).unwrap();
    let mut second = files.write(Setting::Stats, null).unwrap();
    first.begin().unwrap();
    second.replace(b"x").unwrap();
}

#[test]
fn what_cannot_be_written_is_named() {
    let fixture = Fixture::new();
    for path in [fixture.path("no/such"), fixture.path("")] {
        let message = Files::default().write(Setting::Stats, &path).unwrap_err();
        let message = message.to_string();
        let named = format!("stats {}: cannot write", path.display());
        assert!(message.starts_with(&named), "{message}");
    }
}

#[test]
fn what_is_only_mentioned_is_known_too() {
    let fixture = Fixture::new();
    let disk = fixture.file("disk");
    let mut files = Files::default();
    files.mention("disk none".to_owned(), &fixture.path("none"));
    files.mention("disk disk".to_owned(), &disk);
    let message = files
        .write(Setting::DtbDump, &disk)
        .unwrap_err()
        .to_string();
    assert!(message.contains("disk disk"), "{message}");
}
