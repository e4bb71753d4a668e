//! What tests are made of: keys, packages, archives and servers of their own.

pub mod archive;
pub mod deb;
pub mod keys;
pub mod server;
