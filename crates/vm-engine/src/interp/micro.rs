//! The micro-ops of tier 0.
//!
//! What guests do most gets a micro-op of its own, with its operands in place;
//! everything else is an IR op in the program's cold table.

/// Calls a macro with two lists. First every binary op that has its own
/// micro-ops: the name with two slots, the name with a constant on the right, the
/// op, its width. Then every condition of an exit: the names likewise, the condition.
macro_rules! for_each_hot {
    ($callback:ident! $arguments:tt) => {
        $callback! {
            $arguments
            [
                AddRR AddRI Add W64;
                SubRR SubRI Sub W64;
                AndRR AndRI And W64;
                OrRR OrRI Or W64;
                XorRR XorRI Xor W64;
                AndNotRR AndNotRI AndNot W64;
                ShlRR ShlRI Shl W64;
                ShrRR ShrRI Shr W64;
                SarRR SarRI Sar W64;
                MulRR MulRI Mul W64;
                Sh1AddRR Sh1AddRI Sh1Add W64;
                Sh2AddRR Sh2AddRI Sh2Add W64;
                Sh3AddRR Sh3AddRI Sh3Add W64;
                MinURR MinURI MinU W64;
                MaxURR MaxURI MaxU W64;
                Add32RR Add32RI Add W32S;
                Sub32RR Sub32RI Sub W32S;
                Shl32RR Shl32RI Shl W32S;
                Shr32RR Shr32RI Shr W32S;
                Sar32RR Sar32RI Sar W32S;
                Mul32RR Mul32RI Mul W32S;
            ]
            [
                ExitEqRR ExitEqRI Eq;
                ExitNeRR ExitNeRI Ne;
                ExitLtSRR ExitLtSRI LtS;
                ExitGeSRR ExitGeSRI GeS;
                ExitLtURR ExitLtURI LtU;
                ExitGeURR ExitGeURI GeU;
            ]
        }
    };
}
pub(super) use for_each_hot;

macro_rules! define_micro_op {
    (
        ()
        [$($rr:ident $ri:ident $op:ident $width:ident;)*]
        [$($exit_rr:ident $exit_ri:ident $cond:ident;)*]
    ) => {
        /// One step of the interpreter. Fields named `dst`, `a`, `b`, `base`,
        /// `src` and `test` are slots. An exit goes `to` bytes from the block's
        /// start; `retired` instructions of the block have retired then.
        #[derive(Debug, Clone, Copy)]
        pub(super) enum MicroOp {
            $(
                $rr { dst: u8, a: u8, b: u8 },
                $ri { dst: u8, a: u8, imm: i64 },
            )*
            $(
                $exit_rr { a: u8, b: u8, retired: u16, to: i32 },
                $exit_ri { a: u8, retired: u16, imm: i32, to: i32 },
            )*
            MoveSlot { dst: u8, a: u8 },
            MoveImm { dst: u8, imm: i64 },
            SetLtSRR { dst: u8, a: u8, b: u8 },
            SetLtSRI { dst: u8, a: u8, imm: i64 },
            SetLtURR { dst: u8, a: u8, b: u8 },
            SetLtURI { dst: u8, a: u8, imm: i64 },
            SignExtend32 { dst: u8, a: u8 },
            ZeroExtend32 { dst: u8, a: u8 },
            ZeroExtend16 { dst: u8, a: u8 },
            Select { dst: u8, test: u8, a: u8, b: u8 },
            LoadS8 { dst: u8, base: u8, offset: i32 },
            LoadU8 { dst: u8, base: u8, offset: i32 },
            LoadS16 { dst: u8, base: u8, offset: i32 },
            LoadU16 { dst: u8, base: u8, offset: i32 },
            LoadS32 { dst: u8, base: u8, offset: i32 },
            LoadU32 { dst: u8, base: u8, offset: i32 },
            Load64 { dst: u8, base: u8, offset: i32 },
            Store8 { src: u8, base: u8, offset: i32 },
            Store16 { src: u8, base: u8, offset: i32 },
            Store32 { src: u8, base: u8, offset: i32 },
            Store64 { src: u8, base: u8, offset: i32 },
            /// Entry of the program's cold table.
            Cold { index: u16 },
            /// The same, of a load-reserved or store-conditional that is one of a
            /// [pair](vm_cross_arch::ir::pairs).
            Paired { index: u16 },
            /// An exit in the program's cold table.
            ColdExit { index: u16, retired: u16 },
        }
    };
}
for_each_hot!(define_micro_op!());

const _: () = assert!(
    size_of::<MicroOp>() == 16,
    "four micro-ops share a cache line"
);
