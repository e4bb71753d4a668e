//! Pulls from archives of the tests' own making, good and bad.

use std::{cell::RefCell, fs};

use vm_testing::within;

use super::*;
use crate::{
    Silent,
    initramfs::read_archive,
    list, remove,
    testing::{
        archive::{FakeArchive, KERNEL as KERNEL_DATA, KERNEL_RELEASE, WrittenArchive, kernel_deb},
        deb,
        keys::TestKey,
        server::{Mood, Server},
    },
};

fn debian() -> ImageRef {
    ImageRef::default_image()
}

/// A cache and the options to fill it from an archive.
struct Setup {
    archive: WrittenArchive,
    cache: tempfile::TempDir,
    options: PullOptions,
}

impl Setup {
    fn new(archive: &FakeArchive) -> Self {
        let archive = archive.write();
        let cache = tempfile::tempdir().unwrap();
        let mut options = PullOptions::new(GuestArch::Riscv64, cache.path());
        options.mirror = Some(archive.url());
        options.keyring = Some(archive.keyring());
        Self {
            archive,
            cache,
            options,
        }
    }

    fn pull(&self) -> Result<Image, ImageError> {
        pull(&debian(), &self.options, &Silent)
    }

    /// The message of a pull that must fail and must leave nothing behind.
    fn failure(&self) -> String {
        let error = self.pull().unwrap_err();
        assert!(!error.is_unreachable(), "{error}");
        assert_eq!(
            cached(self.cache.path(), &debian(), GuestArch::Riscv64),
            None
        );
        let left: Vec<_> = fs::read_dir(images_dir(self.cache.path()))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, [".lock"], "{error}");
        error.to_string()
    }

    fn kernel_deb(&self) -> String {
        format!("pool/main/linux-image-{KERNEL_RELEASE}_3_riscv64.deb")
    }
}

#[test]
fn a_good_archive_makes_an_image() {
    let setup = Setup::new(&FakeArchive::new());
    let image = setup.pull().unwrap();
    assert_eq!(fs::read(&image.kernel).unwrap(), KERNEL_DATA);
    assert!(
        image.cmdline.starts_with("console=ttyS0 "),
        "{}",
        image.cmdline
    );
    let manifest = &image.manifest;
    assert_eq!(
        (manifest.image.as_str(), manifest.arch),
        ("debian:13", GuestArch::Riscv64)
    );
    assert_eq!(manifest.kernel_release, KERNEL_RELEASE);
    assert_eq!(manifest.version.as_deref(), Some("13.9"));
    assert_eq!(manifest.packages[1].name, "busybox-static");
    assert_eq!(manifest.packages[1].version, "1:2-3");
    assert!(
        manifest.signed_by[0].contains("Test key 1"),
        "{:?}",
        manifest.signed_by
    );
    let files = read_archive(&fs::read(&image.initrd).unwrap());
    let root = format!("lib/modules/{KERNEL_RELEASE}");
    let find = |path: &str| {
        files
            .iter()
            .find(|f| f.path == format!("{root}/{path}"))
            .map(|f| f.data.clone())
    };
    let dep = String::from_utf8(find("modules.dep").unwrap()).unwrap();
    assert!(
        dep.contains("kernel/ext4.ko: kernel/lib/crc16.ko\n"),
        "{dep}"
    );
    assert!(
        find("kernel/virtio_blk.ko")
            .unwrap()
            .starts_with(b"\x7fELF")
    );
    assert!(find("kernel/virtio_pci.ko").is_none());
    image.verify().unwrap();
    assert!(!image.is_outdated());
}

#[test]
fn an_image_is_found_again_without_its_mirror() {
    let setup = Setup::new(&FakeArchive::new());
    let image = setup.pull().unwrap();
    fs::remove_dir_all(setup.archive.path("pool")).unwrap();
    // Nothing has changed in the archive, so its packages are not needed.
    assert_eq!(setup.pull().unwrap(), image);
    fs::remove_dir_all(setup.archive.path("dists")).unwrap();
    assert_eq!(ensure(&debian(), &setup.options, &Silent).unwrap(), image);
    assert_eq!(list(setup.cache.path()), [image]);
    // A pull that fails leaves what is there.
    assert!(setup.pull().is_err());
    assert_eq!(list(setup.cache.path()).len(), 1);
    assert!(remove(setup.cache.path(), &debian(), GuestArch::Riscv64).unwrap());
    assert!(!remove(setup.cache.path(), &debian(), GuestArch::Riscv64).unwrap());
    assert!(list(setup.cache.path()).is_empty());
    assert!(ensure(&debian(), &setup.options, &Silent).is_err());
}

#[test]
fn a_damaged_image_is_made_again() {
    let setup = Setup::new(&FakeArchive::new());
    let image = setup.pull().unwrap();
    let damages: [&dyn Fn(); 4] = [
        &|| fs::write(&image.kernel, b"short").unwrap(),
        &|| fs::remove_file(&image.initrd).unwrap(),
        &|| fs::write(image.kernel.with_file_name("manifest.json"), b"{").unwrap(),
        &|| {
            let path = image.kernel.with_file_name("manifest.json");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replace("\"format\": 1", "\"format\": 99")).unwrap();
        },
    ];
    for damage in damages {
        damage();
        assert_eq!(
            cached(setup.cache.path(), &debian(), GuestArch::Riscv64),
            None
        );
        assert_eq!(ensure(&debian(), &setup.options, &Silent).unwrap(), image);
    }
    // Damage that keeps the length is not looked for at every start, but at a pull.
    fs::write(&image.kernel, b"A kernel image").unwrap();
    let error = cached(setup.cache.path(), &debian(), GuestArch::Riscv64)
        .unwrap()
        .verify();
    assert!(error.unwrap_err().to_string().contains("SHA-256"));
    setup.pull().unwrap().verify().unwrap();
}

#[test]
fn a_new_version_replaces_the_old() {
    let mut archive = FakeArchive::new();
    let mut setup = Setup::new(&archive);
    setup.pull().unwrap();
    archive.package("busybox").version = "4";
    setup.archive = archive.write();
    setup.options.mirror = Some(setup.archive.url());
    setup.options.keyring = Some(setup.archive.keyring());
    let image = setup.pull().unwrap();
    assert_eq!(image.manifest.packages[1].version, "4");
    assert_eq!(list(setup.cache.path()), [image]);
}

#[test]
fn leftovers_of_a_killed_pull_vanish() {
    let setup = Setup::new(&FakeArchive::new());
    let leftover = images_dir(setup.cache.path()).join(".staging-killed");
    fs::create_dir_all(leftover.join("x")).unwrap();
    setup.pull().unwrap();
    assert!(!leftover.exists());
}

#[test]
fn indexes_are_found_under_their_plain_names_too() {
    let mut archive = FakeArchive::new();
    archive.by_hash = false;
    Setup::new(&archive).pull().unwrap();
    archive.release_fields = "Codename: trixie\nAcquire-By-Hash: no\n".to_owned();
    Setup::new(&archive).pull().unwrap();
}

#[test]
fn http_works_like_files() {
    let mut setup = Setup::new(&FakeArchive::new());
    let server = Server::start(setup.archive.dir.path(), Mood::Good);
    setup.options.mirror = Some(server.url());
    setup.pull().unwrap();
    let requests = server.requests();
    assert_eq!(requests[0], "GET /dists/trixie/InRelease HTTP/1.1");
    assert!(requests[1].contains("/by-hash/SHA256/"), "{requests:?}");
}

#[test]
fn broken_mirrors_are_told_apart_from_missing_ones() {
    let mut setup = Setup::new(&FakeArchive::new());
    let root = setup.archive.dir.path().to_owned();
    for (mood, cause) in [
        (Mood::Interrupted, "broke off"),
        (Mood::Status(503), "status 503"),
        (Mood::Status(404), "does not exist"),
    ] {
        setup.options.mirror = Some(Server::start(&root, mood).url());
        let error = setup.failure();
        assert!(error.contains(cause), "{error}");
    }
    // Nobody listens on the port of RFC 1078, given up decades ago.
    setup.options.mirror = Some("http://127.0.0.1:1/debian".to_owned());
    let error = setup.pull().unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

#[test]
fn without_a_mirror_the_option_is_asked_for() {
    let mut setup = Setup::new(&FakeArchive::new());
    setup.options.mirror = None;
    setup.options.apt = setup.archive.path("no-apt-here");
    if std::env::var_os(MIRROR_VARIABLE).is_none() {
        let error = setup.pull().unwrap_err();
        assert!(
            error.is_unreachable() && error.to_string().contains("--mirror"),
            "{error}"
        );
    }
}

#[test]
fn only_the_keyring_decides_who_is_trusted() {
    let setup = Setup::new(&FakeArchive::new());
    fs::write(setup.archive.keyring(), TestKey::new(2).keyring()).unwrap();
    let error = setup.failure();
    let fingerprint = TestKey::new(1).fingerprint();
    assert!(
        error.contains(&format!("key {fingerprint} is unknown")),
        "{error}"
    );
    assert!(error.contains("keyring.asc"), "{error}");
}

#[test]
fn a_changed_release_is_refused() {
    let setup = Setup::new(&FakeArchive::new());
    let path = setup.archive.path("dists/trixie/InRelease");
    let signed = fs::read_to_string(&path).unwrap();
    fs::write(&path, signed.replace("Version: 13.9", "Version: 13.8")).unwrap();
    let error = setup.failure();
    assert!(
        error.contains("does not fit") && error.contains("Test key 1"),
        "{error}"
    );
    // An unsigned release, or one after the signed part, is none.
    fs::write(&path, "Codename: trixie\nSHA256:\n").unwrap();
    assert!(setup.failure().contains("no clear-signed message"));
    fs::write(&path, signed.clone() + "Codename: evil\n").unwrap();
    assert!(setup.failure().contains("no clear-signed message"));
    fs::write(&path, "Codename: evil\n".to_owned() + &signed).unwrap();
    assert!(setup.failure().contains("no clear-signed message"));
}

#[test]
fn the_release_must_be_the_right_one_and_current() {
    for (fields, cause) in [
        ("Codename: bookworm\n", "bookworm instead of trixie"),
        (
            "Codename: trixie\nValid-Until: Sat, 01 Jan 2000 00:00:00 UTC\n",
            "date of expiry",
        ),
        ("Suite: stable\n", "no field `Codename`"),
    ] {
        let mut archive = FakeArchive::new();
        archive.release_fields = fields.to_owned();
        let error = Setup::new(&archive).failure();
        assert!(
            error.contains(cause) && error.contains("InRelease"),
            "{error}"
        );
    }
    let mut setup = Setup::new(&FakeArchive::new());
    setup.options.arch = GuestArch::Aarch64;
    let error = setup.pull().unwrap_err().to_string();
    assert!(
        error.contains("no index main/binary-arm64/Packages.xz"),
        "{error}"
    );
}

#[test]
fn a_changed_index_or_package_is_refused() {
    for (name, what) in [
        ("dists/trixie/main/binary-riscv64/Packages.xz", "index"),
        ("pool/main/busybox-static_3_riscv64.deb", "package"),
    ] {
        let mut archive = FakeArchive::new();
        archive.by_hash = false;
        let setup = Setup::new(&archive);
        let path = setup.archive.path(name);
        let good = fs::read(&path).unwrap();
        let mut changed = good.clone();
        changed[good.len() / 2] ^= 1;
        for (bad, cause) in [
            (changed.as_slice(), "its SHA-256 is"),
            (&good[..good.len() - 1], "bytes instead of"),
            (&[good.as_slice(), b"x"].concat(), "bytes instead of"),
        ] {
            fs::write(&path, bad).unwrap();
            let error = setup.failure();
            assert!(
                error.contains(cause) && error.contains(name),
                "{what}: {error}"
            );
        }
    }
}

#[test]
fn a_mirror_that_is_being_updated_is_read_under_its_other_name() {
    let mut archive = FakeArchive::new();
    archive.by_hash = false;
    let setup = Setup::new(&archive);
    let index = "main/binary-riscv64/Packages.xz";
    let read = |name: &str| fs::read(setup.archive.path(&format!("dists/trixie/{name}"))).unwrap();
    let (release, whole) = (read("InRelease"), read(index));
    setup.archive.put("dists/stable/InRelease", &release);
    for dist in ["trixie", "stable"] {
        setup.archive.put(&format!("dists/{dist}/{index}"), b"new");
    }
    assert!(setup.failure().contains("dists/trixie"));
    setup.archive.put(&format!("dists/stable/{index}"), &whole);
    setup.pull().unwrap();
}

#[test]
fn missing_packages_are_named() {
    for missing in ["linux-image-riscv64", "linux-image-6", "busybox"] {
        let mut archive = FakeArchive::new();
        archive.packages.retain(|p| !p.name.starts_with(missing));
        let error = Setup::new(&archive).failure();
        assert!(
            error.contains("has no package") && error.contains(missing),
            "{error}"
        );
    }
    let setup = Setup::new(&FakeArchive::new());
    fs::remove_file(setup.archive.path(&setup.kernel_deb())).unwrap();
    assert!(setup.failure().contains("does not exist"));
}

#[test]
fn packages_with_wrong_contents_are_refused() {
    let no_modules = format!("./boot/vmlinux-{KERNEL_RELEASE}");
    let cases: [(&str, Vec<u8>, &str); 7] = [
        (
            "linux-image-6",
            kernel_deb(&[("../evil", b"x")]),
            "`../evil` leads out",
        ),
        (
            "linux-image-6",
            kernel_deb(&[("/etc/evil", b"x")]),
            "`/etc/evil` leads out",
        ),
        (
            "linux-image-6",
            deb::deb(&[("./usr/x", b"")]),
            "no kernel boot/vmlinux-",
        ),
        (
            "linux-image-6",
            deb::deb(&[(&no_modules, b"x")]),
            "no module",
        ),
        ("linux-image-6", b"no package".to_vec(), "malformed"),
        (
            "busybox",
            deb::deb(&[("./usr/bin/other", b"")]),
            "no file usr/bin/busybox",
        ),
        (
            "busybox",
            deb::deb(&[("./bin/busybox", b"x")]),
            "no table of commands",
        ),
    ];
    for (name, contents, cause) in cases {
        let mut archive = FakeArchive::new();
        archive.package(name).deb = contents;
        let error = Setup::new(&archive).failure();
        assert!(error.contains(cause), "{error}");
    }
}

/// Writes down what is reported.
#[derive(Default)]
struct Recorder {
    steps: RefCell<Vec<Step>>,
}

#[derive(Debug)]
struct Step {
    what: String,
    total: Option<u64>,
    done: u64,
    finished: bool,
}

impl Progress for Recorder {
    fn start(&self, what: &str, total: Option<u64>) {
        self.steps.borrow_mut().push(Step {
            what: what.to_owned(),
            total,
            done: 0,
            finished: false,
        });
    }
    fn advance(&self, bytes: u64) {
        self.steps.borrow_mut().last_mut().unwrap().done += bytes;
    }
    fn finish(&self) {
        self.steps.borrow_mut().last_mut().unwrap().finished = true;
    }
}

#[test]
fn progress_adds_up() {
    let setup = Setup::new(&FakeArchive::new());
    let recorder = Recorder::default();
    pull(&debian(), &setup.options, &recorder).unwrap();
    let steps = recorder.steps.into_inner();
    assert_eq!(steps.len(), 6, "{steps:?}");
    for Step {
        what,
        total,
        done,
        finished,
    } in steps
    {
        assert!(finished, "{what}");
        // Unpacking ends with the archive's last file, before the package's last byte.
        if let Some(total) = total.filter(|_| what != "unpacking the kernel") {
            assert_eq!(done, total, "{what}");
        }
    }
}

#[test]
fn pulls_at_the_same_time_make_one_image() {
    within("four pulls", || {
        let setup = Setup::new(&FakeArchive::new());
        let images: Vec<Image> = std::thread::scope(|scope| {
            let pulls: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| ensure(&debian(), &setup.options, &Silent).unwrap()))
                .collect();
            pulls.into_iter().map(|pull| pull.join().unwrap()).collect()
        });
        assert!(images.iter().all(|image| *image == images[0]));
    });
}
