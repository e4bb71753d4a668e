//! Guest bytes to intermediate representation to host bytes, as a pure function.
//!
//! Knows nothing about memory contents beyond the code bytes it is given,
//! about devices or about threads.

pub mod guest;
pub mod host;
pub mod ir;
pub mod passes;
