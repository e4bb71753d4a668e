//! Translation of the kernel's and busybox's code.

use anyhow::{Context as _, Result};
use vm_cross_arch::{ir::Block, passes::Passes};

use super::Work;
use crate::{
    code::GuestCode,
    translation::{Emitter, Processor, TRANSLATIONS, Translation},
};

/// Guest instructions of each of the two.
const INSNS: usize = 10_000;

struct Translate {
    pair: Translation,
    sources: Vec<Vec<u8>>,
}

/// Decoding, lifting and all passes.
pub fn translate(code: &GuestCode) -> Result<Box<dyn Work>> {
    let pair = TRANSLATIONS[0];
    let sources = sources(code, pair)?;
    Ok(Box::new(Translate { pair, sources }))
}

/// Code of the kernel's and of busybox's blocks.
fn sources(code: &GuestCode, pair: Translation) -> Result<Vec<Vec<u8>>> {
    let mut sources = Vec::new();
    for text in [code.kernel_text()?, code.busybox_text()?] {
        let blocks = pair.blocks(text, INSNS);
        sources.extend(blocks.sources.iter().map(|source| source.to_vec()));
    }
    Ok(sources)
}

impl Work for Translate {
    fn run(&mut self) -> Result<u64> {
        let ops = |source: &Vec<u8>| Some(self.pair.translate(source, Passes::ALL)?.ops.len());
        let ops = self.sources.iter().map(ops).sum::<Option<usize>>();
        Ok(ops.context("a block is not whole")? as u64)
    }
}

struct Emit {
    emitter: Emitter,
    blocks: Vec<Block>,
}

/// Emission of host code, for a processor that has everything.
pub fn emit(code: &GuestCode) -> Result<Box<dyn Work>> {
    let pair = TRANSLATIONS[0];
    let sources = sources(code, pair)?;
    let translate = |source: &Vec<u8>| pair.translate(source, Passes::ALL);
    let blocks = sources.iter().map(translate).collect::<Option<Vec<_>>>();
    Ok(Box::new(Emit {
        emitter: (pair.emitter)(Processor::Full),
        blocks: blocks.context("a block is not whole")?,
    }))
}

impl Work for Emit {
    fn run(&mut self) -> Result<u64> {
        let bytes = |block| (self.emitter)(block).bytes.len() as u64;
        Ok(self.blocks.iter().map(bytes).sum())
    }
}
