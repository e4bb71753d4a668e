//! The command line.

mod image;
pub mod names;
mod run;

use clap::{Parser, Subcommand};

pub use image::{ImageArgs, ImageCommand};
pub use run::RunArgs;

/// A virtual machine engine: runs a whole, unmodified guest system of another
/// architecture.
#[derive(Debug, Parser)]
#[command(name = "trine", version, max_term_width = 100)]
#[command(arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a virtual machine
    Run(Box<RunArgs>),
    /// Manage the images that `trine run` uses when no kernel is named
    Image(ImageArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
