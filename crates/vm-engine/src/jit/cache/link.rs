//! Links: exits of blocks that lead to other blocks.

use std::{num::NonZeroU32, ops::Range};

use vm_cross_arch::host::contract::Exit;

use super::{HostCache, Id};
use crate::{cache::Mapping, jit::jumps::MappingContext};

impl HostCache {
    /// The mapping context of code with `bias` in address space `asid`, mapped by `mapping`.
    pub(crate) fn mapping_context(
        &mut self,
        bias: u64,
        asid: u16,
        mapping: Mapping,
    ) -> MappingContext {
        if self.jumps.is_out_of_numbers() {
            self.forget_numbers();
        }
        self.jumps.mapping_context(bias, asid, mapping)
    }

    /// Begins anew with the numbers of mapping contexts. Links hold some, and so may whoever
    /// is about to make one.
    fn forget_numbers(&mut self) {
        self.unlink_all();
        self.jumps.renumber();
        self.epoch = self.next_epoch();
    }

    /// Once they wrap, a stamp from long ago may count again: then an exit is
    /// unlinked in vain, and whoever looks for a block compares its source's address.
    pub(super) fn next_epoch(&self) -> u32 {
        self.epoch.wrapping_add(1).max(1)
    }

    /// Lets an exit of code in mapping context `from` lead to the block at address
    /// `host`, which runs in mapping context `to`. Returns where code was made for that,
    /// if any was.
    pub(crate) fn link(
        &mut self,
        exit: u32,
        from: MappingContext,
        host: usize,
        to: MappingContext,
    ) -> Option<Range<usize>> {
        let exit = Id(exit);
        let entry = self.space.offset(host)?;
        let target = *self.entries.get(&entry)?;
        let is_private = self.block(target)?.key.is_none();
        let site = self.exit_site(exit)?;
        let (Exit { jump, guard, .. }, veneer) = (site.exit, site.veneer.map(NonZeroU32::get));
        let mut made = None;
        let destination = match guard {
            // A private block depends on more than its page.
            None if from != to || is_private => return None,
            None => entry,
            Some(_) if from == to => entry,
            Some(_) => {
                let code = self.space.transfer(to.bias, to.number);
                let size = self.space.transfer_size(&code);
                let at = self.transfer(exit, size)?;
                self.space.put_transfer(at, &code, entry).then_some(())?;
                let end = at + size as u32;
                made = Some(self.space.address(at)..self.space.address(end));
                at
            }
        };
        if let Some(guard) = guard {
            self.space.set_guard(guard, from.number);
        }
        self.space.lead(jump, destination, veneer).then_some(())?;
        let exit = self.stamp(exit);
        self.block_mut(target)?.incoming.push(exit);
        self.stats.links += 1;
        made
    }

    /// Room for code on the way of an exit: that of an earlier link, or new. It
    /// is never older than the exit, so it is not dropped before that.
    fn transfer(&mut self, exit: Id, size: usize) -> Option<u32> {
        if let Some(at) = self.exit_site(exit)?.transfer {
            return Some(at);
        }
        let at = self.regions.get_mut(self.current)?.allocate(size)?;
        self.exit_site(exit)?.transfer = Some(at);
        Some(at)
    }

    /// Lets all exits that lead to a block ask the engine instead.
    pub(super) fn unlink(&mut self, id: Id) {
        let block = self.block_mut(id);
        let incoming = block.map(|block| std::mem::take(&mut block.incoming));
        for exit in incoming.unwrap_or_default() {
            if self.stamp(exit.id) == exit
                && let Some(site) = self.exit_site(exit.id)
            {
                let Exit { jump, stub, .. } = site.exit;
                let is_led = self.space.lead(jump, stub, None);
                debug_assert!(is_led, "a jump reaches its own block");
            }
        }
    }

    /// Lets every exit ask the engine where it leads.
    pub(crate) fn unlink_all(&mut self) {
        for region in 0..self.regions.len() {
            for index in 0..self.regions[region].blocks.len() {
                self.unlink(Id::new(region, index));
            }
        }
    }
}
