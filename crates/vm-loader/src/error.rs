//! What can be wrong with a file.

/// Why a file is no program that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// It is not even an ELF file.
    #[error("this is not an ELF file")]
    NoElf,
    /// It is for an architecture of 32 bits.
    #[error("this is a 32-bit ELF file: programs of 64 bits are loaded only")]
    Class32,
    /// It contradicts itself, or its end is missing.
    #[error("the ELF file is damaged or cut short: {0}")]
    Damaged(String),
}

impl From<object::read::Error> for ElfError {
    fn from(error: object::read::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}
