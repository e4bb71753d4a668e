//! What the engine asks of a guest architecture, and its implementations.

mod traits;

pub use traits::{Exception, Fill, Guest, HelperCall, Outcome};
