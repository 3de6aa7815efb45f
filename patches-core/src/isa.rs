//! Which instruction set a plan is built for. Chosen once, when the plan is built; the bits are the same for all.

/// An instruction set that step functions are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// What every processor of the target has.
    Base = 0,
    /// AVX2, without fused multiply-add.
    Avx2 = 1,
    /// AVX-512 (F, DQ, BW, VL) for 16 voices, AVX2 for one.
    Avx512 = 2,
}

/// The environment variable that forces one: `base`, `avx2` or `avx512`.
pub const FORCE: &str = "PATCHES_ISA";

impl Isa {
    /// All of them.
    pub const ALL: [Isa; 3] = [Isa::Base, Isa::Avx2, Isa::Avx512];

    /// Its name in `PATCHES_ISA`.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Base => "base",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    pub fn available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = std::is_x86_feature_detected!("avx2");
            match self {
                Isa::Base => true,
                Isa::Avx2 => avx2,
                Isa::Avx512 => {
                    avx2 && std::is_x86_feature_detected!("avx512f")
                        && std::is_x86_feature_detected!("avx512dq")
                        && std::is_x86_feature_detected!("avx512bw")
                        && std::is_x86_feature_detected!("avx512vl")
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Isa::Base
        }
    }

    /// The widest that this processor has, or the one that `PATCHES_ISA` names, if it has that.
    ///
    /// # Errors
    /// The text of `PATCHES_ISA`, if it names none that this processor has.
    pub fn choose() -> Result<Isa, String> {
        match std::env::var(FORCE) {
            Ok(asked) => Isa::ALL.into_iter().find(|isa| isa.name() == asked && isa.available()).ok_or(asked),
            Err(_) => Ok(Isa::ALL.into_iter().rev().find(|isa| isa.available()).unwrap_or(Isa::Base)),
        }
    }
}
