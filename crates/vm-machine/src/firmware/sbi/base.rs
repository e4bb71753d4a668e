//! The base extension (§4): what there is.

use vm_engine::guest::riscv64::SbiCall;

use super::{
    SbiResult,
    spec::{IMPLEMENTATION_ID, IMPLEMENTATION_VERSION, SPEC_VERSION, SbiError, extension::SERVED},
};

pub(super) fn call(call: &SbiCall<'_>, function: u64) -> SbiResult {
    let hart = call.hart.config();
    match function {
        0 => Ok(SPEC_VERSION),
        1 => Ok(IMPLEMENTATION_ID),
        2 => Ok(IMPLEMENTATION_VERSION),
        3 => Ok(u64::from(SERVED.contains(&call.args[0]))),
        4 => Ok(hart.vendor_id.into()),
        5 => Ok(hart.arch_id),
        6 => Ok(hart.implementation_id),
        _ => Err(SbiError::NotSupported),
    }
}
