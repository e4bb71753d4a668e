//! What the host's processor offers beyond x86-64's baseline.

use crate::host;

/// Extensions that generated code may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// `ANDN` and others of BMI1, which `TZCNT` belongs to.
    pub bmi1: bool,
    /// Shifts that take their amount from any register, and leave the flags alone.
    pub bmi2: bool,
    /// `LZCNT`.
    pub lzcnt: bool,
    /// `POPCNT`.
    pub popcnt: bool,
    /// Fused multiply-add, three operands.
    pub fma: bool,
    /// Carry-less multiplication.
    pub pclmul: bool,
}

impl host::Features for Features {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        return Self {
            bmi1: std::arch::is_x86_feature_detected!("bmi1"),
            bmi2: std::arch::is_x86_feature_detected!("bmi2"),
            lzcnt: std::arch::is_x86_feature_detected!("lzcnt"),
            popcnt: std::arch::is_x86_feature_detected!("popcnt"),
            fma: std::arch::is_x86_feature_detected!("fma"),
            pclmul: std::arch::is_x86_feature_detected!("pclmulqdq"),
        };
        #[cfg(not(target_arch = "x86_64"))]
        Self::default()
    }

    fn common(self, other: Self) -> Self {
        Self {
            bmi1: self.bmi1 && other.bmi1,
            bmi2: self.bmi2 && other.bmi2,
            lzcnt: self.lzcnt && other.lzcnt,
            popcnt: self.popcnt && other.popcnt,
            fma: self.fma && other.fma,
            pclmul: self.pclmul && other.pclmul,
        }
    }
}
