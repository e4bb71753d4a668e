//! The dynamic section (System V ABI, chapter 5).

use object::{
    elf::DT_NEEDED,
    read::elf::{Dyn as _, FileHeader as _},
};

use crate::{Elf, ElfError};

impl Elf<'_> {
    /// The names of the libraries that it asks for itself.
    ///
    /// # Errors
    /// If the section is damaged.
    pub fn needed(&self) -> Result<Vec<String>, ElfError> {
        let sections = self.header.sections(self.endian, self.bytes)?;
        let Some((entries, strings)) = sections.dynamic(self.endian, self.bytes)? else {
            return Ok(Vec::new());
        };
        let strings = sections.strings(self.endian, self.bytes, strings)?;
        let needed = entries
            .iter()
            .filter(|entry| entry.tag(self.endian) == DT_NEEDED);
        needed
            .map(|entry| {
                let name = entry.string(self.endian, strings)?;
                Ok(String::from_utf8_lossy(name).into_owned())
            })
            .collect()
    }
}
