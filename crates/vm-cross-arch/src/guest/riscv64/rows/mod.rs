//! The tables: one file per extension.

mod rv_a;
mod rv_c;
mod rv_d;
mod rv_f;
mod rv_i;
mod rv_m;
mod rv_privileged;
mod rv_zacas;
mod rv_zawrs;
mod rv_zba;
mod rv_zbb;
mod rv_zbc;
mod rv_zbs;
mod rv_zicbo;
mod rv_zicond;
mod rv_zicsr;
mod rv_zifencei;
mod rv_zihint;

use super::Extension;

macro_rules! extensions {
    ($($name:literal => $rows:expr,)*) => {
        &[$(Extension { name: $name, rows: $rows },)*]
    };
}

/// Every extension.
pub static EXTENSIONS: &[Extension] = extensions! {
    "i" => rv_i::ROWS,
    "m" => rv_m::ROWS,
    "a" => rv_a::ROWS,
    "f" => rv_f::ROWS,
    "d" => rv_d::ROWS,
    "c" => rv_c::ROWS,
    "zicsr" => rv_zicsr::ROWS,
    "zifencei" => rv_zifencei::ROWS,
    "zihintpause" => rv_zihint::PAUSE,
    "zihintntl" => rv_zihint::NON_TEMPORAL,
    "zicbom" => rv_zicbo::MANAGEMENT,
    "zicboz" => rv_zicbo::ZERO,
    "zicbop" => rv_zicbo::PREFETCH,
    "zicond" => rv_zicond::ROWS,
    "zba" => rv_zba::ROWS,
    "zbb" => rv_zbb::ROWS,
    "zbc" => rv_zbc::ROWS,
    "zbs" => rv_zbs::ROWS,
    "zawrs" => rv_zawrs::ROWS,
    "zacas" => rv_zacas::ROWS,
    "svinval" => rv_privileged::SVINVAL,
    "privileged" => rv_privileged::ROWS,
};
