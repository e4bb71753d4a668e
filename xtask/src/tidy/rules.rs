//! The rules, on the text of one file.

use std::path::Path;

/// Lines a Rust file may have. Past it, ask what two things the file does.
const MAX_LINES: usize = 800;

/// Words that mark unfinished work. Split, so that this file may hold them.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Line numbers, from 1, and what is wrong there.
pub(super) fn check(file: &Path, text: &str) -> Vec<(usize, String)> {
    let mut problems = whitespace(text);
    if file.extension().is_some_and(|e| e == "rs") {
        problems.extend(length(text));
        if !is_test(file) {
            problems.extend(module_doc(text));
            problems.extend(systems(file, text));
        }
        problems.extend(unfinished(text));
        problems.extend(host_addresses(file, text));
    }
    if file.extension().is_some_and(|e| e == "md") {
        problems.extend(links(file, text));
    }
    problems
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line))
}

fn whitespace(text: &str) -> Vec<(usize, String)> {
    let trailing = numbered(text)
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']))
        .map(|(number, _)| (number, "white space at the end of the line".to_owned()));
    let last = (!text.is_empty() && !text.ends_with('\n')).then(|| {
        (
            text.lines().count(),
            "no newline at the end of the file".to_owned(),
        )
    });
    trailing.chain(last).collect()
}

fn length(text: &str) -> Option<(usize, String)> {
    let lines = text.lines().count();
    (lines > MAX_LINES).then(|| (0, format!("{lines} lines; more than {MAX_LINES}")))
}

/// Whether the file is a module of unit tests: their name says what they are for.
fn is_test(file: &Path) -> bool {
    let is_tests = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
    file.iter().any(is_tests)
}

fn module_doc(text: &str) -> Option<(usize, String)> {
    let documented = text.lines().any(|line| line.starts_with("//!"));
    (!documented).then(|| (0, "no `//!` line says what the file is for".to_owned()))
}

/// What asks for the host's operating system. Split, so that this file may hold them.
const SYSTEMS: [&str; 8] = [
    concat!("target_", "os"),
    concat!("target_", "family"),
    concat!("target_", "vendor"),
    concat!("cfg(u", "nix"),
    concat!("cfg(w", "indows"),
    concat!("not(u", "nix"),
    concat!("not(w", "indows"),
    concat!("std::", "os::"),
];

/// One module of each crate, `os`, knows the host's operating system.
fn systems(file: &Path, text: &str) -> Vec<(usize, String)> {
    let may_know = |part: &std::ffi::OsStr| part == "os" || part == "os.rs" || part == "build.rs";
    let product = file.starts_with("crates") && file.iter().any(|part| part == "src");
    if !product || file.iter().any(may_know) {
        return Vec::new();
    }
    // Tests may be for one system.
    numbered(text)
        .take_while(|(_, line)| !line.starts_with("mod tests"))
        .filter(|(_, line)| SYSTEMS.iter().any(|word| line.contains(word)))
        .map(|(number, _)| {
            let problem = "knows the operating system; the crate's module `os` may do that";
            (number, problem.to_owned())
        })
        .collect()
}

fn unfinished(text: &str) -> Vec<(usize, String)> {
    let find = |line: &str| UNFINISHED.into_iter().find(|word| line.contains(word));
    numbered(text)
        .filter_map(|(number, line)| Some((number, format!("`{}` is left", find(line)?))))
        .collect()
}

/// What is stored to guest RAM by its host address, nobody hears of: that is for
/// vCPUs, which tell it themselves (ADR 11).
fn host_addresses(file: &Path, text: &str) -> Vec<(usize, String)> {
    let allowed = ["crates/vm-mem", "crates/vm-engine"];
    if allowed.iter().any(|crate_| file.starts_with(crate_)) {
        return Vec::new();
    }
    let name = concat!(".host", "_ptr(");
    numbered(text)
        .filter(|(_, line)| line.contains(name))
        .map(|(number, _)| (number, "host addresses of RAM are for vCPUs".to_owned()))
        .collect()
}

/// Relative links of a Markdown file must lead somewhere.
fn links(file: &Path, text: &str) -> Vec<(usize, String)> {
    let directory = file.parent().unwrap_or(Path::new(""));
    let mut broken = Vec::new();
    for (number, line) in numbered(text) {
        for target in line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = target.split('#').next().unwrap_or("");
            if path.is_empty() || target.contains("://") {
                continue;
            }
            if !crate::workspace::root().join(directory).join(path).exists() {
                broken.push((number, format!("the link `{target}` leads nowhere")));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(file: &str, text: &str) -> Vec<(usize, String)> {
        check(Path::new(file), text)
    }

    #[test]
    fn each_rule_finds_its_violation() {
        assert!(problems("a.rs", "//! Fine.\n").is_empty());
        assert_eq!(problems("a.rs", "//! Fine. \n")[0].0, 1);
        assert_eq!(problems("a.toml", "a = 1")[0].0, 1);
        assert!(problems("a.rs", "fn f() {}\n")[0].1.contains("//!"));
        assert!(problems("a/tests.rs", "fn f() {}\n").is_empty());
        let address = format!("//! Fine.\nram{}a, 1);\n", concat!(".host", "_ptr("));
        assert_eq!(problems("crates/vm-device/src/a.rs", &address)[0].0, 2);
        assert!(problems("crates/vm-engine/src/a.rs", &address).is_empty());
        let system = format!("//! Fine.\n#[cfg({} = \"linux\")]\n", SYSTEMS[0]);
        assert_eq!(problems("crates/a/src/a.rs", &system)[0].0, 2);
        let test = system.replace("#[", "mod tests {\n#[");
        for file in ["crates/a/src/os/a.rs", "crates/a/src/os.rs", "a.rs"] {
            assert!(problems(file, &system).is_empty(), "{file}");
        }
        assert!(problems("crates/a/src/a.rs", &test).is_empty());
        let unfinished = format!("//! Fine.\n// {} later\n", UNFINISHED[0]);
        assert_eq!(problems("a.rs", &unfinished)[0].0, 2);
        let long = format!("//! Fine.\n{}", "\n".repeat(MAX_LINES));
        assert!(problems("a.rs", &long)[0].1.contains("801"));
        assert_eq!(problems("a.md", "\n[a](nowhere.md)\n")[0].0, 2);
        assert!(problems("a.md", "[a](README.md#using-it) [b](https://example.org)\n").is_empty());
    }
}
