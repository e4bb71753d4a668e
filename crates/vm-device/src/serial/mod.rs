//! Serial ports.

mod ns16550a;

pub use ns16550a::{Ns16550a, WINDOW_LEN};
