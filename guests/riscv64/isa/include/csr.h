/* Fields of control and status registers, and trap causes (Privileged 1.13). */
#ifndef CSR_H
#define CSR_H

#define PRIV_U 0
#define PRIV_S 1
#define PRIV_M 3

#define MSTATUS_SIE (1 << 1)
#define MSTATUS_MIE (1 << 3)
#define MSTATUS_SPIE (1 << 5)
#define MSTATUS_MPIE (1 << 7)
#define MSTATUS_SPP (1 << 8)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_MPP (3 << 11)
#define MSTATUS_FS_SHIFT 13
#define MSTATUS_FS (3 << 13)
#define MSTATUS_MPRV (1 << 17)
#define MSTATUS_SUM (1 << 18)
#define MSTATUS_MXR (1 << 19)
#define MSTATUS_TVM (1 << 20)
#define MSTATUS_TW (1 << 21)
#define MSTATUS_TSR (1 << 22)
#define MSTATUS_UXL_64 (2 << 32)
#define MSTATUS_SXL_64 (2 << 34)
#define MSTATUS_SD (1 << 63)

#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_ACCESS 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS 7
#define CAUSE_ECALL_U 8
#define CAUSE_ECALL_S 9
#define CAUSE_ECALL_M 11
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15

#define IRQ_SSI 1
#define IRQ_MSI 3
#define IRQ_STI 5
#define IRQ_MTI 7
#define IRQ_SEI 9
#define IRQ_MEI 11
#define CAUSE_INTERRUPT (1 << 63)

#define ENVCFG_FIOM (1 << 0)
#define ENVCFG_CBIE_SHIFT 4
#define ENVCFG_CBIE (3 << 4)
#define ENVCFG_CBCFE (1 << 6)
#define ENVCFG_CBZE (1 << 7)
#define MENVCFG_ADUE (1 << 61)
#define MENVCFG_PBMTE (1 << 62)
#define MENVCFG_STCE (1 << 63)

#define FFLAG_NX 1
#define FFLAG_UF 2
#define FFLAG_OF 4
#define FFLAG_DZ 8
#define FFLAG_NV 16

/* Not known to older assemblers. */
#define menvcfg 0x30a
#define senvcfg 0x10a
#define stimecmp 0x14d

/* Where nothing answers: neither memory nor a device. */
#define NOWHERE 0x40000000
/* The software-interrupt registers of the harts, 4 bytes each. */
#define CLINT_MSIP 0x2000000

#endif
