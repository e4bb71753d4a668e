//! What commands a busybox program holds.

use crate::ImageError;

/// The commands that `/init` uses.
pub const NEEDED: &[&str] = &[
    "base64", "cttyhack", "ip", "ln", "mkdir", "modprobe", "mount", "poweroff", "setsid", "sh",
];

/// The start of busybox's table of names, which is sorted: `[` and `[[` come first.
const TABLE_START: &[u8] = b"[\0[[\0";

/// Longer than any name of a command.
const MAX_NAME: usize = 64;

/// The commands of a busybox program of any architecture.
///
/// A program of another architecture cannot be asked with `--list`, and links made in
/// the archive cost the guest nothing, unlike `--install` at every start. So the names
/// are read from the table that busybox looks commands up in: names in their order,
/// each ended by a zero byte, the whole by an empty one.
///
/// # Errors
/// [`ImageError::Malformed`] if there is no such table, [`ImageError::Missing`] if a
/// command that an image needs is not in it.
pub fn applets(program: &[u8]) -> Result<Vec<&str>, ImageError> {
    let table = program
        .windows(TABLE_START.len())
        .enumerate()
        .filter(|(_, window)| *window == TABLE_START)
        .filter_map(|(at, _)| program.get(at..).map(names))
        .find(|names| names.contains(&"busybox"))
        .ok_or_else(|| ImageError::malformed("busybox", "it has no table of commands"))?;
    match NEEDED.iter().find(|needed| !table.contains(needed)) {
        Some(missing) => Err(ImageError::Missing {
            what: format!("command {missing}"),
            place: "the package's busybox".to_owned(),
        }),
        None => Ok(table),
    }
}

/// The names from the start of a table to its end, or to what is no name.
fn names(table: &[u8]) -> Vec<&str> {
    table
        .split(|byte| *byte == 0)
        .map_while(|name| std::str::from_utf8(name).ok().filter(|name| is_name(name)))
        .collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name.bytes().all(|b| b.is_ascii_graphic() && b != b'/')
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Bytes that hold a table like busybox's.
    pub fn fake_busybox() -> Vec<u8> {
        let mut program = b"\x7fELF some code [\0[[\0not\xff the table".to_vec();
        program.extend(table(NEEDED));
        program.extend(b"/proc/self/exe\0");
        program
    }

    fn table(names: &[&str]) -> Vec<u8> {
        let mut all = vec!["[", "[[", "busybox"];
        all.extend(names);
        let mut table = all.join("\0").into_bytes();
        table.extend([0, 0]);
        table
    }

    #[test]
    fn the_table_is_found_among_other_bytes() {
        let program = fake_busybox();
        let applets = applets(&program).unwrap();
        assert_eq!(applets[..3], ["[", "[[", "busybox"]);
        assert_eq!(applets.len(), NEEDED.len() + 3);
    }

    #[test]
    fn a_program_without_the_table_is_refused() {
        for program in [&b""[..], b"[\0[[\0a\0\0", b"busybox"] {
            assert!(matches!(
                applets(program),
                Err(ImageError::Malformed { .. })
            ));
        }
    }

    #[test]
    fn a_missing_command_is_named() {
        let program = table(&NEEDED[1..]);
        let error = applets(&program).unwrap_err().to_string();
        assert!(error.contains(NEEDED[0]), "{error}");
    }
}
