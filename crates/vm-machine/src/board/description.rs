//! What firmware tells a kernel of its machine.

/// What a device tree says beyond what every such board has.
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    /// How many vCPUs there are.
    pub cpus: u32,
    /// The size of the RAM in bytes.
    pub ram: u64,
    /// What the firmware tells the kernel.
    pub chosen: Chosen<'a>,
}

/// What the firmware tells the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen<'a> {
    /// The kernel's command line.
    pub bootargs: &'a str,
    /// The initial RAM file system: its first address, and the first behind it.
    pub initrd: Option<(u64, u64)>,
    /// Random bytes for the kernel's generator.
    pub rng_seed: &'a [u8],
}
