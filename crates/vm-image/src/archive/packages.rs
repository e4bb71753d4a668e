//! The package index: name, version, file and digest of every package.

use crate::{
    ImageError,
    archive::Expected,
    control::{Paragraph, paragraphs},
    digest::Sha256,
};

/// An index of one architecture's packages, whose digest has been checked.
#[derive(Debug)]
pub struct PackageIndex {
    text: String,
    place: String,
}

/// One package of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The path of its file from the archive's root.
    pub filename: String,
    /// What the file must be.
    pub expected: Expected,
    depends: String,
}

impl PackageIndex {
    /// Wraps the index's text; `place` says in errors where it came from.
    pub fn new(text: String, place: impl Into<String>) -> Self {
        Self {
            text,
            place: place.into(),
        }
    }

    /// The package of that name, and of that version if one is given.
    ///
    /// # Errors
    /// [`ImageError::Missing`] or [`ImageError::Malformed`].
    pub fn find(&self, name: &str, version: Option<&str>) -> Result<Package, ImageError> {
        let head = format!("Package: {name}\n");
        for text in paragraphs(&self.text).filter(|text| text.starts_with(&head)) {
            let package = parse_package(text).ok_or_else(|| {
                ImageError::malformed(
                    format!("the entry of {name} in {}", self.place),
                    "a field is missing or no number, digest or path",
                )
            })?;
            if version.is_none_or(|version| version == package.version) {
                return Ok(package);
            }
        }
        let version = version.map(|v| format!(" {v}")).unwrap_or_default();
        Err(ImageError::Missing {
            what: format!("package {name}{version}"),
            place: self.place.clone(),
        })
    }

    /// The package that a metapackage stands for: its dependency whose name begins
    /// with `prefix`.
    ///
    /// # Errors
    /// As [`PackageIndex::find`].
    pub fn resolve(&self, metapackage: &str, prefix: &str) -> Result<Package, ImageError> {
        let package = self.find(metapackage, None)?;
        let dependency = package
            .dependencies()
            .find(|(name, _)| name.starts_with(prefix));
        let Some((name, version)) = dependency else {
            return Err(ImageError::Missing {
                what: format!("dependency {prefix}* of package {metapackage}"),
                place: self.place.clone(),
            });
        };
        self.find(name, version)
    }
}

impl Package {
    /// Names and exact versions of the dependencies; of alternatives, the first.
    fn dependencies(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.depends.split(',').filter_map(|relation| {
            let first = relation.split('|').next()?.trim();
            let (name, rest) = first.split_once([' ', '(']).unwrap_or((first, ""));
            let exact = rest
                .trim_matches(['(', ')', ' '])
                .strip_prefix('=')
                .map(str::trim);
            Some((name.split(':').next()?, exact))
        })
    }
}

fn parse_package(text: &str) -> Option<Package> {
    let paragraph = Paragraph::parse(text)?;
    let filename = paragraph.get("Filename")?;
    // The name becomes part of an address or of a local path.
    let plain = filename
        .split('/')
        .all(|part| !part.is_empty() && part != "." && part != "..");
    plain.then_some(())?;
    Some(Package {
        name: paragraph.get("Package")?.to_owned(),
        version: paragraph.get("Version")?.to_owned(),
        filename: filename.to_owned(),
        expected: Expected {
            size: paragraph.get("Size")?.parse().ok()?,
            sha256: Sha256::parse(paragraph.get("SHA256")?)?,
        },
        depends: paragraph.words("Depends").join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, version: &str, extra: &str) -> String {
        let sha256 = Sha256::of(name.as_bytes());
        format!(
            "Package: {name}\nVersion: {version}\n{extra}Filename: pool/{name}_{version}.deb\n\
             Size: 7\nSHA256: {sha256}\n\n"
        )
    }

    fn index() -> PackageIndex {
        let text = entry(
            "kernel",
            "1",
            "Depends: libc (>= 2), kernel-1.2-r (= 5) | kernel-x, other\n",
        ) + &entry("kernel-1.2-r", "4", "")
            + &entry("kernel-1.2-r", "5", "")
            + &entry("bare", "1", "Depends: kernel-9:any\n")
            + &entry("evil", "1", "").replace("pool/", "../")
            + "Package: short\nVersion: 1\n";
        PackageIndex::new(text, "the test index")
    }

    #[test]
    fn a_metapackage_leads_to_the_exact_version() {
        let package = index().resolve("kernel", "kernel-").unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("kernel-1.2-r", "5")
        );
        assert_eq!(package.filename, "pool/kernel-1.2-r_5.deb");
        assert_eq!(
            package.expected,
            Expected {
                size: 7,
                sha256: Sha256::of(b"kernel-1.2-r")
            }
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (error, what) in [
            (index().find("none", None).unwrap_err(), "no package none"),
            (
                index().find("kernel", Some("2")).unwrap_err(),
                "no package kernel 2",
            ),
            (
                index().resolve("kernel", "linux-").unwrap_err(),
                "no dependency linux-* of package kernel",
            ),
            (
                index().resolve("bare", "kernel-").unwrap_err(),
                "no package kernel-9",
            ),
        ] {
            let error = error.to_string();
            assert!(
                error.contains(what) && error.contains("the test index"),
                "{error}"
            );
        }
    }

    #[test]
    fn damaged_entries_are_refused() {
        for name in ["short", "evil"] {
            let error = index().find(name, None).unwrap_err();
            assert!(matches!(error, ImageError::Malformed { .. }), "{error}");
        }
    }
}
