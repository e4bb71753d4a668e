//! What the device tree says about the CPU.

/// Every extension of the guest CPU, as in the device tree's `riscv,isa-extensions`.
pub const ISA_EXTENSIONS: &[&str] = &[
    "i",
    "m",
    "a",
    "f",
    "d",
    "c",
    "zicbom",
    "zicboz",
    "zicntr",
    "zicond",
    "zicsr",
    "zifencei",
    "zihintntl",
    "zihintpause",
    "zawrs",
    "zacas",
    "zba",
    "zbb",
    "zbc",
    "zbs",
    "sstc",
    "svadu",
    "svinval",
    "svnapot",
    "svpbmt",
];

/// The base ISA, as in `riscv,isa-base`.
pub const ISA_BASE: &str = "rv64i";

/// The same as one string, for `riscv,isa`.
pub const ISA_STRING: &str = concat!(
    "rv64imafdc",
    "_zicbom_zicboz_zicntr_zicond_zicsr_zifencei_zihintntl_zihintpause",
    "_zawrs_zacas_zba_zbb_zbc_zbs_sstc_svadu_svinval_svnapot_svpbmt",
);

/// Size in bytes of the cache block of the Zicbom and Zicboz instructions.
pub const CACHE_BLOCK_SIZE: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::riscv64::extensions;

    #[test]
    fn string_and_list_agree() {
        let (letters, names): (Vec<_>, Vec<_>) = ISA_EXTENSIONS.iter().partition(|e| e.len() == 1);
        let mut string = format!("rv64{}", letters.concat());
        for name in names {
            string.push('_');
            string.push_str(name);
        }
        assert_eq!(string, ISA_STRING);
    }

    /// Instructions that are there are announced. (`zicbop` are only hints,
    /// the privileged base has no name.)
    #[test]
    fn every_table_is_announced() {
        for extension in extensions() {
            let unnamed = ["privileged", "zicbop"].contains(&extension.name);
            assert_eq!(
                ISA_EXTENSIONS.contains(&extension.name),
                !unnamed,
                "{}",
                extension.name
            );
        }
    }
}
