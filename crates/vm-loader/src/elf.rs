//! The header of an ELF file and its segments (System V ABI, chapters 4 and 5).

use object::{
    Endianness,
    elf::{
        ELFCLASS32, ELFMAG, EM_AARCH64, EM_RISCV, EM_X86_64, ET_EXEC, FileHeader64, PT_LOAD,
        ProgramHeader64,
    },
    read::elf::{FileHeader as _, ProgramHeader as _},
};
use vm_core::GuestArch;

use crate::ElfError;

/// Where the header says how wide addresses are.
const EI_CLASS: usize = 4;

/// An ELF file of 64 bits.
#[derive(Debug, Clone, Copy)]
pub struct Elf<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) header: &'a FileHeader64<Endianness>,
    pub(crate) endian: Endianness,
}

/// A part of the program in memory, never empty. It does not go beyond the end of
/// the virtual address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Its first virtual address.
    pub address: u64,
    /// Its first physical address, which means nothing in a program for an operating system.
    pub physical: u64,
    /// What is there at the start: not more than `len`.
    pub bytes: &'a [u8],
    /// How many bytes of memory it takes: zeros follow what is there.
    pub len: u64,
}

impl Segment<'_> {
    /// The physical address of the virtual one, if that is in this segment.
    pub fn physical_of(&self, address: u64) -> Option<u64> {
        let offset = address.wrapping_sub(self.address);
        (offset < self.len).then(|| self.physical.wrapping_add(offset))
    }
}

/// The table of program headers, as an operating system tells a program of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderTable {
    /// Its virtual address, if it is in a segment.
    pub address: Option<u64>,
    /// How many headers it has.
    pub count: u16,
    /// Bytes of each.
    pub entry_bytes: u16,
}

impl<'a> Elf<'a> {
    /// Whether a file that begins so is an ELF file, of whatever class.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.starts_with(&ELFMAG)
    }

    /// The file with these bytes. Its header is read, nothing else.
    ///
    /// # Errors
    /// If it is no ELF file, one of 32 bits, or has no whole header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        if !Self::recognises(bytes) {
            return Err(ElfError::NoElf);
        }
        if bytes.get(EI_CLASS) == Some(&ELFCLASS32) {
            return Err(ElfError::Class32);
        }
        let header = FileHeader64::parse(bytes)?;
        let endian = header.endian()?;
        Ok(Self {
            bytes,
            header,
            endian,
        })
    }

    /// The architecture that it is for; `None` for others than Trine's, which are all
    /// little-endian.
    pub fn arch(&self) -> Option<GuestArch> {
        if self.endian != Endianness::Little {
            return None;
        }
        match self.header.e_machine(self.endian) {
            EM_RISCV => Some(GuestArch::Riscv64),
            EM_AARCH64 => Some(GuestArch::Aarch64),
            EM_X86_64 => Some(GuestArch::X86_64),
            _ => None,
        }
    }

    /// Whether it is a program that is linked to fixed addresses.
    pub fn is_fixed(&self) -> bool {
        self.header.e_type(self.endian) == ET_EXEC
    }

    /// The virtual address of its first instruction. It may be in no segment.
    pub fn entry(&self) -> u64 {
        self.header.e_entry(self.endian)
    }

    /// Its parts in memory, in the file's order. They may overlap.
    ///
    /// # Errors
    /// If the headers or a segment's content are not all there, or a segment cannot be
    /// as its header says.
    pub fn segments(&self) -> Result<Vec<Segment<'a>>, ElfError> {
        let loads = self.loads()?;
        loads.map(|header| self.segment(header)).collect()
    }

    /// The headers of the segments that take memory.
    fn loads(&self) -> Result<impl Iterator<Item = &'a ProgramHeader64<Endianness>>, ElfError> {
        let endian = self.endian;
        let headers = self.header.program_headers(endian, self.bytes)?;
        Ok(headers
            .iter()
            .filter(move |header| header.p_type(endian) == PT_LOAD && header.p_memsz(endian) > 0))
    }

    fn segment(&self, header: &ProgramHeader64<Endianness>) -> Result<Segment<'a>, ElfError> {
        let damaged = |cause: &str| ElfError::Damaged(cause.to_owned());
        let (address, len) = (header.p_vaddr(self.endian), header.p_memsz(self.endian));
        let bytes = match header.p_filesz(self.endian) {
            // Where zeros are in the file means nothing, and may be anywhere.
            0 => &[],
            _ => header
                .data(self.endian, self.bytes)
                .map_err(|()| damaged("a segment lies behind the end of the file"))?,
        };
        if bytes.len() as u64 > len {
            return Err(damaged("a segment is larger in the file than in memory"));
        }
        if address.checked_add(len - 1).is_none() {
            return Err(damaged(
                "a segment goes beyond the end of the address space",
            ));
        }
        Ok(Segment {
            address,
            physical: header.p_paddr(self.endian),
            bytes,
            len,
        })
    }

    /// Where the program finds its own headers.
    ///
    /// # Errors
    /// As for [`segments`](Self::segments).
    pub fn header_table(&self) -> Result<HeaderTable, ElfError> {
        let table = self.header.e_phoff(self.endian);
        let address = self.loads()?.find_map(|header| {
            let offset = table.checked_sub(header.p_offset(self.endian))?;
            let inside = offset < header.p_filesz(self.endian);
            inside.then(|| header.p_vaddr(self.endian).wrapping_add(offset))
        });
        Ok(HeaderTable {
            address,
            count: self.header.e_phnum(self.endian),
            entry_bytes: self.header.e_phentsize(self.endian),
        })
    }
}
