//! What is special about starting RISC-V guests.

mod image;
pub mod reset_rom;

pub(super) use image::{ImageHeader, is_image};
