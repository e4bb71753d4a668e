//! What the table of reservations takes of the host: its model (`vm-loom`) has loom's
//! instead.

pub(crate) use std::{sync::atomic, thread::yield_now};

pub(crate) use crate::os::{enable_heavy_fence, heavy_fence};

/// The address of a cell, for generated code to look at.
pub(crate) fn address(cell: &atomic::AtomicU32) -> usize {
    cell.as_ptr().expose_provenance()
}
