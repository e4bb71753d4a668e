//! Hosts without a back-end.

use super::{
    backend::{Backend, Config},
    contract::{HostCode, Request},
    runtime::{Callbacks, RuntimeCode, Transfer},
};
use crate::ir::Block;

/// The back-end of hosts that have none: there is no value of it.
#[derive(Debug)]
pub enum Unsupported {}

impl Backend for Unsupported {
    type Features = ();

    const SUPPORTED: bool = false;
    const STATE_BIAS: i32 = 0;
    const TLB_BIAS: i32 = 0;
    const ALIGN: usize = 1;
    const JUMP_BYTES: usize = 0;
    const GUARD_BYTES: usize = 0;
    const KILL_BYTES: usize = 0;
    const VENEER_BYTES: usize = 0;
    const LEAST_REACH: u32 = 0;
    const FP_CLEAR: u32 = 0;

    fn try_new(_: &Config<()>) -> Option<Self> {
        None
    }

    fn emit(&self, _: &Block, _: &Request) -> HostCode {
        match *self {}
    }

    fn runtime_code(&self, _: &Callbacks) -> RuntimeCode {
        match *self {}
    }

    fn transfer(&self, _: u64, _: u32) -> Transfer {
        match *self {}
    }

    fn reach(&self, _: &[u8]) -> u32 {
        match *self {}
    }

    fn lead(&self, _: &mut [u8], _: i32) {
        match *self {}
    }

    fn set_guard(&self, _: &mut [u8], _: u32) {
        match *self {}
    }

    fn kill(&self, _: &mut [u8], _: i32) {
        match *self {}
    }

    fn veneer(&self, _: &mut [u8], _: i32) {
        match *self {}
    }

    fn publish(&self, _: &[u8], _: &[u8]) {
        match *self {}
    }

    fn fp_flags(_: u32) -> u64 {
        0
    }

    fn take_fp_flags() -> u64 {
        0
    }

    fn keeping_fp<R>(work: impl FnOnce() -> R) -> R {
        work()
    }
}
