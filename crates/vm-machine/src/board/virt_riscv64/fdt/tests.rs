//! Reads the blob back with a reader of its own: the writer is not trusted.

use std::collections::BTreeMap;

use super::*;
use crate::board::Chosen;

/// Properties by path, such as `/soc/plic@c000000:riscv,ndev`.
fn parse(blob: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let word = |at: usize| u32::from_be_bytes(blob[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(word(0), 0xd00d_feed);
    let text = |at: usize| {
        let end = blob[at..].iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8(blob[at..at + end].to_vec()).unwrap()
    };
    let (mut at, strings) = (word(8), word(12));
    let (mut path, mut found) = (Vec::new(), BTreeMap::new());
    loop {
        let token = word(at);
        at += 4;
        match token {
            1 => {
                let name = text(at);
                at = (at + name.len() + 1).next_multiple_of(4);
                path.push(name);
            }
            2 => drop(path.pop()),
            3 => {
                let (len, name) = (word(at), text(strings + word(at + 4)));
                let value = blob[at + 8..at + 8 + len].to_vec();
                found.insert(format!("{}:{name}", path.join("/")), value);
                at = (at + 8 + len).next_multiple_of(4);
            }
            9 => return found,
            token => panic!("token {token}"),
        }
    }
}

fn tree(harts: u32, chosen: Chosen<'_>) -> BTreeMap<String, Vec<u8>> {
    let ram = 2 << 30;
    let description = Description {
        cpus: harts,
        ram,
        chosen,
    };
    parse(&build(&description).unwrap())
}

fn cells(tree: &BTreeMap<String, Vec<u8>>, key: &str) -> Vec<u32> {
    let bytes = tree.get(key).unwrap_or_else(|| panic!("{key}"));
    let words = bytes.chunks_exact(4);
    words
        .map(|word| u32::from_be_bytes(word.try_into().unwrap()))
        .collect()
}

#[test]
fn chosen_passes_on_what_it_was_given() {
    let chosen = Chosen {
        bootargs: "quiet",
        initrd: Some((0x9000_0000, 0x9000_1234)),
        rng_seed: &[7; 32],
    };
    let tree = tree(1, chosen);
    assert_eq!(tree["/chosen:bootargs"], b"quiet\0");
    assert_eq!(tree["/chosen:stdout-path"], b"/soc/serial@10000000\0");
    assert_eq!(tree["/aliases:serial0"], b"/soc/serial@10000000\0");
    assert_eq!(cells(&tree, "/chosen:linux,initrd-start"), [0, 0x9000_0000]);
    assert_eq!(cells(&tree, "/chosen:linux,initrd-end"), [0, 0x9000_1234]);
    assert_eq!(tree["/chosen:rng-seed"], [7; 32]);
}

#[test]
fn what_was_not_given_is_absent() {
    let tree = tree(1, Chosen::default());
    for key in ["bootargs", "linux,initrd-start", "rng-seed"] {
        assert!(!tree.contains_key(&format!("/chosen:{key}")));
    }
}

#[test]
fn every_hart_has_its_wires() {
    let tree = tree(3, Chosen::default());
    let intc = |hart: u32| {
        cells(
            &tree,
            &format!("/cpus/cpu@{hart}/interrupt-controller:phandle"),
        )[0]
    };
    let plic = cells(&tree, "/soc/plic@c000000:interrupts-extended");
    let clint = cells(&tree, "/soc/clint@2000000:interrupts-extended");
    for hart in 0..3 {
        let at = hart as usize * 4;
        assert_eq!(plic[at..at + 4], [intc(hart), 11, intc(hart), 9]);
        assert_eq!(clint[at..at + 4], [intc(hart), 3, intc(hart), 7]);
        let core = cells(&tree, &format!("/cpus/cpu-map/cluster0/core{hart}:cpu"));
        assert_eq!(core, cells(&tree, &format!("/cpus/cpu@{hart}:phandle")));
    }
    assert_eq!((plic.len(), clint.len()), (12, 12));
    assert!(!tree.contains_key("/cpus/cpu@3:reg"));
}

#[test]
fn both_ways_to_name_extensions_agree() {
    let tree = tree(1, Chosen::default());
    let text = |key: &str| String::from_utf8(tree[key].clone()).unwrap();
    let isa = text("/cpus/cpu@0:riscv,isa");
    let list = text("/cpus/cpu@0:riscv,isa-extensions");
    let (letters, rest) = isa.trim_end_matches('\0').split_once('_').unwrap();
    assert_eq!(letters, "rv64imafdc");
    let listed: Vec<&str> = list.split_terminator('\0').collect();
    let multi: Vec<&str> = rest.split('_').collect();
    assert_eq!(listed[..6], ["i", "m", "a", "f", "d", "c"]);
    assert_eq!(listed[6..], multi);
}

#[test]
fn pci_is_laid_out_as_kernels_expect() {
    let tree = tree(1, Chosen::default());
    let ranges = cells(&tree, "/soc/pci@30000000:ranges");
    assert_eq!(ranges[..7], [0x100_0000, 0, 0, 0, 0x300_0000, 0, 0x1_0000]);
    assert_eq!(
        ranges[7..14],
        [0x200_0000, 0, 0x4000_0000, 0, 0x4000_0000, 0, 0x4000_0000]
    );
    assert_eq!(ranges[14..], [0x300_0000, 4, 0, 4, 0, 4, 0]);
    let map = cells(&tree, "/soc/pci@30000000:interrupt-map");
    let wire = |device: u32, pin: u32| {
        let row = map
            .chunks(6)
            .find(|row| row[0] == device << 11 && row[3] == pin);
        row.unwrap()[5]
    };
    assert_eq!(
        (wire(0, 1), wire(1, 1), wire(3, 1), wire(3, 4)),
        (32, 33, 35, 34)
    );
    assert_eq!(map.len(), 16 * 6);
}

#[test]
fn a_command_line_with_a_nul_is_refused() {
    let chosen = Chosen {
        bootargs: "a\0b",
        ..Chosen::default()
    };
    let description = Description {
        cpus: 1,
        ram: 4 << 20,
        chosen,
    };
    assert!(build(&description).is_err());
}
