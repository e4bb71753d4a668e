//! Which modules an image needs, and the tables that `modprobe` finds them by.
//!
//! Debian's packages hold no `modules.dep`: it is made at installation (depmod(8)),
//! which never happens here.

use std::collections::{BTreeMap, HashSet};

use super::{
    elf::{ModuleInfo, module_info},
    store::{ModuleStore, module_name},
};
use crate::ImageError;

/// A module as it goes into an image.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its path below the directory of the kernel's release.
    pub path: String,
    /// Its uncompressed contents.
    pub data: Vec<u8>,
    info: ModuleInfo,
}

/// Modules by name, complete with all that they depend on.
#[derive(Debug, Default)]
pub struct ModuleSet {
    modules: BTreeMap<String, Module>,
}

/// The modules of these names and, transitively, those they depend on.
pub fn collect(
    store: &mut ModuleStore,
    builtin: &str,
    names: &[&str],
) -> Result<ModuleSet, ImageError> {
    let builtin: HashSet<String> = builtin.lines().filter_map(module_name).collect();
    let mut set = ModuleSet::default();
    let mut wanted: Vec<String> = names.iter().map(|name| name.replace('-', "_")).collect();
    while let Some(name) = wanted.pop() {
        if set.modules.contains_key(&name) || builtin.contains(&name) {
            continue;
        }
        let Some((path, data)) = store.read(&name)? else {
            let what = format!("module {name}");
            return Err(ImageError::Missing {
                what,
                place: "the kernel package".to_owned(),
            });
        };
        let info =
            module_info(&data).map_err(|e| ImageError::malformed(format!("module {path}"), e))?;
        wanted.extend(info.depends.iter().cloned());
        set.modules.insert(name, Module { path, data, info });
    }
    Ok(set)
}

impl ModuleSet {
    /// The modules, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Module> {
        self.modules.values()
    }

    /// `modules.dep` (modules.dep(5)): after each module all that it needs, such that
    /// loading from the end of the line to its start works.
    pub fn dependency_table(&self) -> String {
        let mut table = String::new();
        for (name, module) in &self.modules {
            let mut before = Vec::new();
            self.visit(name, &mut HashSet::new(), &mut before);
            table.push_str(&module.path);
            table.push(':');
            // The last one visited is the module itself.
            for dependency in before.iter().rev().skip(1) {
                table.push(' ');
                table.push_str(dependency);
            }
            table.push('\n');
        }
        table
    }

    /// `modules.alias`: every name that a module goes by.
    pub fn alias_table(&self) -> String {
        let mut table = String::new();
        for (name, module) in &self.modules {
            for alias in &module.info.aliases {
                table.push_str(&format!("alias {alias} {name}\n"));
            }
        }
        table
    }

    /// `modules.softdep`: what else should be loaded with a module.
    pub fn softdep_table(&self) -> String {
        let mut table = String::new();
        for (name, module) in &self.modules {
            for softdep in &module.info.softdeps {
                table.push_str(&format!("softdep {name} {softdep}\n"));
            }
        }
        table
    }

    /// Appends the paths of a module's dependencies and then its own, each once.
    fn visit<'a>(&'a self, name: &'a str, seen: &mut HashSet<&'a str>, out: &mut Vec<&'a str>) {
        // What is built in is not in the set; a circle, which the kernel rules out, ends here.
        let Some(module) = self.modules.get(name).filter(|_| seen.insert(name)) else {
            return;
        };
        for dependency in &module.info.depends {
            self.visit(dependency, seen, out);
        }
        out.push(&module.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::elf::tests::module_with;

    fn store(modules: &[(&str, &str)]) -> ModuleStore {
        let mut store = ModuleStore::new(&std::env::temp_dir()).unwrap();
        for (path, modinfo) in modules {
            store
                .add(path, &mut module_with(modinfo).as_slice())
                .unwrap();
        }
        store
    }

    fn diamond() -> ModuleStore {
        store(&[
            (
                "kernel/top.ko",
                "depends=left,right-side,inside\0alias=fs-top\0softdep=pre: crc\0",
            ),
            ("kernel/left.ko", "depends=bottom\0"),
            ("kernel/right-side.ko", "depends=bottom\0"),
            (
                "kernel/bottom.ko",
                "depends=\0alias=pci:v1d2\0alias=virtio:3\0",
            ),
            ("kernel/other.ko", "depends=\0"),
        ])
    }

    #[test]
    fn dependencies_come_along_once_and_before_their_users() {
        let set = collect(&mut diamond(), "kernel/fs/inside.ko\n", &["top"]).unwrap();
        let paths: Vec<_> = set.iter().map(|m| m.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "kernel/bottom.ko",
                "kernel/left.ko",
                "kernel/right-side.ko",
                "kernel/top.ko"
            ]
        );
        assert_eq!(
            set.dependency_table(),
            "kernel/bottom.ko:\n\
             kernel/left.ko: kernel/bottom.ko\n\
             kernel/right-side.ko: kernel/bottom.ko\n\
             kernel/top.ko: kernel/right-side.ko kernel/left.ko kernel/bottom.ko\n"
        );
        assert_eq!(
            set.alias_table(),
            "alias pci:v1d2 bottom\nalias virtio:3 bottom\nalias fs-top top\n"
        );
        assert_eq!(set.softdep_table(), "softdep top pre: crc\n");
    }

    #[test]
    fn built_in_names_need_no_module_and_unknown_ones_are_errors() {
        let set = collect(&mut diamond(), "kernel/a-b.ko", &["a_b", "other"]).unwrap();
        assert_eq!(set.iter().count(), 1);
        let error = collect(&mut diamond(), "", &["a-b"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("module a_b"), "{error}");
        // A dependency that is nowhere is as fatal as a name that is.
        let error = collect(&mut diamond(), "", &["top"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("module inside"), "{error}");
    }

    #[test]
    fn a_circle_ends() {
        let mut circle = store(&[("a.ko", "depends=b\0"), ("b.ko", "depends=a\0")]);
        let set = collect(&mut circle, "", &["a"]).unwrap();
        assert_eq!(set.dependency_table(), "a.ko: b.ko\nb.ko: a.ko\n");
    }

    #[test]
    fn a_damaged_module_is_named() {
        let mut broken = ModuleStore::new(&std::env::temp_dir()).unwrap();
        broken.add("kernel/x.ko", &mut &b"text"[..]).unwrap();
        let error = collect(&mut broken, "", &["x"]).unwrap_err().to_string();
        assert!(error.contains("kernel/x.ko"), "{error}");
    }
}
