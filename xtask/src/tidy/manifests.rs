//! Every crate has the workspace's lints, which deny `unsafe` code and what is not documented.

use std::path::Path;

/// Code of others, which has theirs.
const OTHERS: &str = "third_party";

/// Whether the rule is about `file`.
pub(super) fn concerns(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "Cargo.toml") && !file.starts_with(OTHERS)
}

/// Checks a manifest.
pub(super) fn check(file: &Path, text: &str) -> Vec<(usize, String)> {
    let section = |name: &'static str| {
        let mut lines = text.lines().skip_while(move |line| line.trim() != name);
        lines.next();
        lines.take_while(|line| !line.starts_with('['))
    };
    let wanted = if file == Path::new("Cargo.toml") {
        section("[workspace.lints.rust]").any(|line| line.trim() == "unsafe_code = \"deny\"")
    } else {
        section("[lints]").any(|line| line.trim() == "workspace = true")
    };
    let problem = "the workspace's lints, which deny `unsafe_code`, are missing";
    (!wanted)
        .then(|| (0, problem.to_owned()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_denies_unsafe_code() {
        let of_crate = Path::new("crates/a/Cargo.toml");
        let of_all = Path::new("Cargo.toml");
        assert!(concerns(of_crate) && concerns(of_all));
        assert!(!concerns(Path::new("third_party/a/Cargo.toml")));
        let inherits = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n";
        let denies = "[workspace.lints.rust]\nunsafe_code = \"deny\"\n";
        let elsewhere = "[lints]\n[dependencies]\nworkspace = true\n";
        let allows = "[workspace.lints.rust]\n[other]\nunsafe_code = \"deny\"\n";
        assert!(check(of_crate, inherits).is_empty() && check(of_all, denies).is_empty());
        assert_eq!(
            check(of_crate, elsewhere).len() + check(of_all, allows).len(),
            2
        );
    }
}
