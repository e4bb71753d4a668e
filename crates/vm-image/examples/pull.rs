//! Makes an image: `cargo run -p vm-image --example pull -- debian:13 riscv64 CACHE`.

use std::error::Error;

use vm_image::{ImageRef, Progress, PullOptions, pull};

/// One line per step.
struct Steps;

impl Progress for Steps {
    fn start(&self, what: &str, total_bytes: Option<u64>) {
        match total_bytes {
            Some(total) => println!("{what} ({total} bytes)"),
            None => println!("{what}"),
        }
    }
    fn advance(&self, _bytes: u64) {}
    fn finish(&self) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [image, arch, cache] = arguments.as_slice() else {
        return Err("usage: pull IMAGE ARCH CACHE".into());
    };
    let options = PullOptions::new(arch.parse()?, cache);
    let image = pull(&ImageRef::parse(image)?, &options, &Steps)?;
    println!("{image:#?}");
    Ok(())
}
