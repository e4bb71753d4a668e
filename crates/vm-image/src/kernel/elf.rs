//! What a module says about itself: the section `.modinfo` of its ELF file.

use object::{Object as _, ObjectSection as _};

/// The entries of a module's `.modinfo` that loading it depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleInfo {
    /// The names of the modules whose symbols it uses.
    pub depends: Vec<String>,
    /// Further names it goes by, as patterns over device and file system names.
    pub aliases: Vec<String>,
    /// What to load before or after it, in modprobe's own words.
    pub softdeps: Vec<String>,
}

/// Reads `.modinfo`: strings `key=value`, each ended by a zero byte.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub fn module_info(elf: &[u8]) -> Result<ModuleInfo, String> {
    let file = object::File::parse(elf).map_err(|e| format!("it is no ELF file ({e})"))?;
    let section = file
        .section_by_name(".modinfo")
        .ok_or("it has no section .modinfo")?;
    let data = section
        .data()
        .map_err(|e| format!("its section .modinfo: {e}"))?;
    let mut info = ModuleInfo::default();
    for entry in data.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        match entry.split_once('=') {
            Some(("depends", names)) => {
                let names = names.split(',').filter(|name| !name.is_empty());
                info.depends
                    .extend(names.map(|name| name.replace('-', "_")));
            }
            Some(("alias", alias)) => info.aliases.push(alias.to_owned()),
            Some(("softdep", softdep)) => info.softdeps.push(softdep.to_owned()),
            _ => {}
        }
    }
    Ok(info)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A relocatable riscv64 ELF file with the given `.modinfo`.
    pub fn module_with(modinfo: &str) -> Vec<u8> {
        const NAMES: &[u8] = b"\0.modinfo\0.shstrtab\0";
        const HEADER: usize = 64;
        let modinfo_at = HEADER;
        let names_at = modinfo_at + modinfo.len();
        let sections_at = (names_at + NAMES.len()).next_multiple_of(8);
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        // e_type ET_REL, e_machine EM_RISCV, e_version, then e_entry and e_phoff.
        elf.extend([1, 0, 243, 0, 1, 0, 0, 0]);
        elf.extend([0; 16]);
        elf.extend((sections_at as u64).to_le_bytes());
        elf.extend([0; 4]);
        // e_ehsize, no segments, e_shentsize, e_shnum, e_shstrndx.
        for half in [64u16, 0, 0, 64, 3, 2] {
            elf.extend(half.to_le_bytes());
        }
        elf.extend(modinfo.as_bytes());
        elf.extend(NAMES);
        elf.resize(sections_at, 0);
        elf.extend([0; 64]);
        for (name, kind, at, size) in [
            (1u32, 1u32, modinfo_at, modinfo.len()),
            (10, 3, names_at, NAMES.len()),
        ] {
            elf.extend(name.to_le_bytes());
            elf.extend(kind.to_le_bytes());
            for word in [0u64, 0, at as u64, size as u64, 0, 1, 0] {
                elf.extend(word.to_le_bytes());
            }
        }
        elf
    }

    #[test]
    fn entries_are_read() {
        let elf =
            module_with("license=GPL\0depends=a,b-c\0alias=fs-x\0alias=y:z=1\0softdep=pre: c\0");
        let info = module_info(&elf).unwrap();
        assert_eq!(info.depends, ["a", "b_c"]);
        assert_eq!(info.aliases, ["fs-x", "y:z=1"]);
        assert_eq!(info.softdeps, ["pre: c"]);
        assert_eq!(
            module_info(&module_with("depends=\0")).unwrap(),
            ModuleInfo::default()
        );
    }

    #[test]
    fn other_files_are_refused() {
        assert!(module_info(b"text").unwrap_err().contains("no ELF"));
        let elf = module_with("depends=a\0");
        assert!(module_info(&elf[..70]).is_err());
        let mut other = elf.clone();
        let at = other.windows(8).position(|w| w == b".modinfo").unwrap();
        other[at + 1] = b'M';
        assert!(module_info(&other).unwrap_err().contains("no section"));
    }
}
