//! Guest images: distribution archives, their verification, initramfs assembly.
