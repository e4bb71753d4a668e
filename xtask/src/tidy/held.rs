//! `ARCHITECTURE.md` names the tests that hold what it promises: they exist.

use std::collections::BTreeSet;

/// How the lines that name them begin.
const HELD_BY: &str = "*Held by*";

/// The section in which every paragraph has such a line.
const INVARIANTS: &str = "## Invariants";

/// The file.
pub(super) const FILE: &str = "ARCHITECTURE.md";

/// Checks the file's text against the names of all tests.
pub(super) fn check(text: &str, tests: &BTreeSet<String>) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    for (line, name) in named(text) {
        // The path before a name is for the reader.
        let function = name.rsplit("::").next().unwrap_or_default();
        if !tests.contains(function) {
            problems.push((line, format!("there is no test `{name}`")));
        }
    }
    problems
}

/// The invariants that name nothing that holds them, with their lines.
pub(super) fn unheld(text: &str) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut open = None;
    let lines = text.lines().enumerate();
    let section = lines
        .skip_while(|(_, line)| !line.starts_with(INVARIANTS))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "));
    for (index, line) in section {
        if line.contains(HELD_BY) {
            open = None;
        }
        if line.starts_with("- **") {
            let problem = format!("no `{HELD_BY}` says which test holds this");
            problems.extend(open.replace((index + 1, problem)));
        }
    }
    problems.extend(open);
    problems
}

/// The tests that are named, with their lines. A list of them ends with its paragraph.
/// Commands, which hold blanks, are no tests.
fn named(text: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let mut listing = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        listing = match trimmed.find(HELD_BY) {
            Some(_) => true,
            None => listing && !trimmed.is_empty() && !trimmed.starts_with("- "),
        };
        if listing {
            let list = trimmed
                .split_once(HELD_BY)
                .map_or(trimmed, |(_, list)| list);
            let quoted = list.split('`').skip(1).step_by(2);
            let tests = quoted.filter(|name| !name.contains(' '));
            names.extend(tests.map(|name| (index + 1, name)));
        }
    }
    names
}

/// The names of the tests in a file of Rust.
pub(super) fn tests(text: &str) -> impl Iterator<Item = &str> {
    let mut marked = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        marked |= line.starts_with("#[test]");
        let rest = line.split_once("fn ")?.1;
        let name = rest.split(['(', '<']).next()?;
        std::mem::take(&mut marked).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_are_named_exist() {
        let tests = ["one_test", "two_test"].map(str::to_owned).into();
        let text = "- **Promise.** Text with `words`.\n  *Held by* `one_test`, `a::b::two_test`,\n  \
                    `cargo xtask tidy`.\n- **Next.** `Other`.\n\n`words`\n";
        assert!(check(text, &tests).is_empty());
        let wrong = text.replace("two_test", "no_test");
        let found = check(&wrong, &tests);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].0 == 2 && found[0].1.contains("a::b::no_test"),
            "{found:?}"
        );
        // A list goes on in the next line.
        let wrong = text.replace("`cargo", "`no_test`, `cargo");
        assert_eq!(check(&wrong, &tests)[0].0, 3);
    }

    #[test]
    fn every_invariant_is_held() {
        let text = "- **Elsewhere.**\n## Invariants\n\n- **One.** Text.\n  *Held by* `a`.\n\
                    - **Two.** Text.\n- **Three.**\n  *Held by* `b`.\n- **Four.**\n";
        let lines: Vec<usize> = unheld(text).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [6, 9]);
        let next = format!("{text}## Next\n- **Five.**\n");
        assert_eq!(unheld(&next).len(), 2);
        assert_eq!(
            unheld("## Invariants\n- **One.**\n").len(),
            1,
            "the first one counts"
        );
    }

    #[test]
    fn tests_are_marked_functions() {
        let text = "#[test]\nfn one() {}\n#[test]\n#[ignore = \"long\"]\nfn two() {}\nfn three() {}\n\
                    proptest! {\n    #[test]\n    fn four(a in 0..1) {}\n}\n";
        assert_eq!(tests(text).collect::<Vec<_>>(), ["one", "two", "four"]);
    }
}
