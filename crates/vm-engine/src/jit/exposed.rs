//! Memory that generated code accesses besides the engine.
#![allow(
    unsafe_code,
    reason = "a box may not be accessed by address beside its owner"
)]

use std::{
    ops::{Deref, DerefMut},
    ptr::NonNull,
};

/// A box whose content generated code reads and writes, too, by its address: never
/// while a reference to it exists, since code runs while the engine waits for it.
#[derive(Debug)]
pub(super) struct Exposed<T: ?Sized>(NonNull<T>);

// SAFETY: it owns its content as a box does; the vCPU's code runs on the thread that
// has the vCPU.
unsafe impl<T: ?Sized + Send> Send for Exposed<T> {}
// SAFETY: a shared reference gives out no more than a box's does.
unsafe impl<T: ?Sized + Sync> Sync for Exposed<T> {}

impl<T: ?Sized> Exposed<T> {
    pub(super) fn new(content: Box<T>) -> Self {
        Self(NonNull::from(Box::leak(content)))
    }

    /// Where generated code finds it.
    pub(super) fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }
}

impl<T: ?Sized> Deref for Exposed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `new` took it from a box, and generated code does not run now.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Exposed<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; nobody else has a reference made by this one.
        unsafe { self.0.as_mut() }
    }
}

impl<T: ?Sized> Drop for Exposed<T> {
    fn drop(&mut self) {
        // SAFETY: `new` took it from a box, to which nothing refers any more.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_address_see_each_other() {
        let mut exposed = Exposed::new(vec![1u64, 2].into_boxed_slice());
        let at: *mut u64 = std::ptr::with_exposed_provenance_mut(exposed.address());
        for round in 3..6 {
            // SAFETY: the first of the two numbers, to which there is no reference.
            unsafe { *at += round };
            exposed[1] += exposed[0];
        }
        assert_eq!(*exposed, [13, 2 + 4 + 8 + 13]);
    }
}
