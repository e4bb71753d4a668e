//! Guest physical memory, page-table walkers, translation look-aside buffers.
