//! What the lifted code leaves to the engine.

use crate::ir::HelperId;

macro_rules! helpers {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// A routine of the engine for RISC-V guests. Arguments not named are 0.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Helper {
            $($(#[$doc])* $name = $id,)*
        }

        impl Helper {
            /// The helper with this number.
            pub const fn from_id(id: HelperId) -> Option<Self> {
                match id.0 {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

helpers! {
    /// Terminator. Raises illegal instruction; `args[0]`: the instruction's bits.
    Illegal = 0,
    /// Terminator. `ECALL`.
    Ecall = 1,
    /// Terminator. `EBREAK`.
    Ebreak = 2,
    /// Terminator. `MRET`; `args[0]`: the bits.
    Mret = 3,
    /// Terminator. `SRET`; `args[0]`: the bits.
    Sret = 4,
    /// Terminator. `WFI`; `args[0]`: the bits.
    Wfi = 5,
    /// Terminator. `FENCE.I`.
    FenceI = 6,
    /// Terminator. `SFENCE.VMA`, also `SINVAL.VMA`; `args[0]`: the virtual
    /// address, `args[1]`: the ASID, `args[2]`: the bits, whose rs1 and rs2
    /// fields tell whether address and ASID count.
    SfenceVma = 7,
    /// Terminator. `SFENCE.W.INVAL` and `SFENCE.INVAL.IR`; `args[0]`: the bits.
    SfenceOrder = 8,
    /// Op. Reads a CSR and writes nothing; `args[0]`: CSR number, `args[2]`: the bits.
    CsrRead = 9,
    /// Terminator. Reads and writes a CSR; result: the old value; `args[0]`: CSR
    /// number, `args[1]`: operand value (rs1 or zero-extended immediate),
    /// `args[2]`: the bits, whose funct3 field is the operation (bits 13:12: 1
    /// write, 2 set, 3 clear).
    CsrWrite = 10,
    /// Op. `CBO.ZERO`; `args[0]`: address, `args[2]`: the bits.
    CboZero = 11,
    /// Op. `CBO.CLEAN`, `CBO.FLUSH` and `CBO.INVAL`; `args[0]`: address,
    /// `args[2]`: the bits, whose imm field tells which.
    CboManage = 12,
    /// Terminator. `WRS.NTO` and `WRS.STO`; `args[0]`: the bits.
    Wrs = 13,
    /// Op. `AMOCAS.Q`; `args[0]`: address, `args[2]`: the bits, whose rd and rs2
    /// fields name the register pairs, which the helper reads and writes itself.
    AmoCasQ = 14,
}

impl Helper {
    /// The number lifted code carries.
    pub const fn id(self) -> HelperId {
        HelperId(self as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for n in 0..15 {
            let helper = Helper::from_id(HelperId(n)).unwrap();
            assert_eq!(helper.id(), HelperId(n));
        }
        assert_eq!(Helper::from_id(HelperId(15)), None);
    }
}
