//! The size of the terminal that shows the console.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use vm_device::virtio::{self, TerminalSize};

/// The size of the terminal, for guests whose console can be told of it.
#[derive(Default)]
pub struct Screen(Mutex<State>);

#[derive(Default)]
struct State {
    size: TerminalSize,
    device: Weak<virtio::Console>,
}

impl Screen {
    /// Tells the guest the terminal's size, and those devices that come later.
    pub fn resize(&self, size: TerminalSize) {
        let device = {
            let mut state = self.0.lock();
            state.size = size;
            state.device.upgrade()
        };
        if let Some(device) = device {
            device.resize(size);
        }
    }

    /// Tells `device` the size, now and when it changes.
    pub(crate) fn connect(&self, device: &Arc<virtio::Console>) {
        let size = {
            let mut state = self.0.lock();
            state.device = Arc::downgrade(device);
            state.size
        };
        device.resize(size);
    }
}

#[cfg(test)]
mod tests {
    use vm_device::{console::MemoryOutput, virtio::VirtioDevice};

    use super::*;

    #[test]
    fn devices_learn_the_size_now_and_later() {
        let screen = Screen::default();
        let size = |columns, rows| TerminalSize { columns, rows };
        screen.resize(size(80, 25));
        let output = Arc::new(MemoryOutput::with_limit(1));
        let device = Arc::new(virtio::Console::new(output).unwrap());
        screen.connect(&device);
        // Virtio 1.2 §5.3.4: columns, then rows, little-endian.
        let shown = |device: &virtio::Console| {
            let mut bytes = [0; 4];
            device.read_config(0, &mut bytes);
            bytes
        };
        assert_eq!(shown(&device), [80, 0, 25, 0]);
        screen.resize(size(132, 43));
        assert_eq!(shown(&device), [132, 0, 43, 0]);
    }
}
