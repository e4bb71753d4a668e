//! `/cpus` (binding `riscv/cpus.yaml`, `riscv/extensions.yaml`).

use vm_engine::guest::riscv64::Extensions;
use vm_fdt::FdtWriter;

use super::{super::map, FdtError, phandle};

/// The single-letter extensions, in the order of the ISA string.
const LETTERS: [&str; 6] = ["i", "m", "a", "f", "d", "c"];

/// The other extensions, in canonical order: first `Z*`, then `S*`.
const EXTENSIONS: [&str; 18] = [
    "zicbom",
    "zicboz",
    "zicntr",
    "zicond",
    "zicsr",
    "zifencei",
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

/// Bytes that a cache block operation acts on.
const CACHE_BLOCK: u32 = 64;

/// Those of [`EXTENSIONS`] that a hart with `these` has: some need a host that can.
fn extensions(these: Extensions) -> Vec<&'static str> {
    let has = |name: &&str| *name != "zacas" || these.zacas;
    EXTENSIONS.into_iter().filter(has).collect()
}

/// The ISA string as kernels before 6.7 read it.
fn isa_string(extensions: &[&str]) -> String {
    format!("rv64{}_{}", LETTERS.concat(), extensions.join("_"))
}

pub(super) fn write(fdt: &mut FdtWriter, harts: u32) -> Result<(), FdtError> {
    let cpus = fdt.begin_node("cpus")?;
    fdt.property_u32("#address-cells", 1)?;
    fdt.property_u32("#size-cells", 0)?;
    fdt.property_u32("timebase-frequency", map::TIMEBASE_HZ as u32)?;
    for hart in 0..harts {
        write_hart(fdt, hart)?;
    }
    write_topology(fdt, harts)?;
    fdt.end_node(cpus)
}

fn write_hart(fdt: &mut FdtWriter, hart: u32) -> Result<(), FdtError> {
    // As the board's harts are made.
    let extensions = extensions(Extensions::default());
    let node = fdt.begin_node(&format!("cpu@{hart:x}"))?;
    fdt.property_string("device_type", "cpu")?;
    fdt.property_u32("reg", hart)?;
    fdt.property_string("status", "okay")?;
    fdt.property_string("compatible", "riscv")?;
    fdt.property_string("riscv,isa", &isa_string(&extensions))?;
    fdt.property_string("riscv,isa-base", "rv64i")?;
    fdt.property_string_list(
        "riscv,isa-extensions",
        LETTERS
            .iter()
            .chain(&extensions)
            .map(|&name| name.to_owned())
            .collect(),
    )?;
    fdt.property_string("mmu-type", "riscv,sv57")?;
    fdt.property_u32("riscv,cbom-block-size", CACHE_BLOCK)?;
    fdt.property_u32("riscv,cboz-block-size", CACHE_BLOCK)?;
    fdt.property_phandle(phandle::cpu(hart))?;
    let controller = fdt.begin_node("interrupt-controller")?;
    fdt.property_u32("#interrupt-cells", 1)?;
    fdt.property_null("interrupt-controller")?;
    fdt.property_string("compatible", "riscv,cpu-intc")?;
    fdt.property_phandle(phandle::intc(hart))?;
    fdt.end_node(controller)?;
    fdt.end_node(node)
}

/// All harts are cores of one cluster.
fn write_topology(fdt: &mut FdtWriter, harts: u32) -> Result<(), FdtError> {
    let map = fdt.begin_node("cpu-map")?;
    let cluster = fdt.begin_node("cluster0")?;
    for hart in 0..harts {
        let core = fdt.begin_node(&format!("core{hart}"))?;
        fdt.property_u32("cpu", phandle::cpu(hart))?;
        fdt.end_node(core)?;
    }
    fdt.end_node(cluster)?;
    fdt.end_node(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zacas_is_announced_where_the_harts_have_it() {
        for zacas in [true, false] {
            let these = Extensions {
                zacas,
                ..Extensions::default()
            };
            let names = extensions(these);
            assert_eq!(names.contains(&"zacas"), zacas);
            assert_eq!(isa_string(&names).contains("_zacas_"), zacas);
            assert_eq!(names.len(), EXTENSIONS.len() - usize::from(!zacas));
        }
    }
}
