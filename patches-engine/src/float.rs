//! Denormal numbers are flushed to zero while a plan runs, on the audio thread and offline alike: they cost up to a
//! hundred times as much as others, and the same flag everywhere gives the same bits. `unsafe` is allowed here: the
//! control register is set by assembly, and put back before the caller goes on.

/// The float mode of a running plan; the caller's mode comes back when this is dropped.
pub struct FloatMode {
    before: Register,
}

#[cfg(target_arch = "x86_64")]
type Register = u32;
#[cfg(target_arch = "aarch64")]
type Register = u64;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Register = ();

/// Flush results (bit 15) and read denormals as zero (bit 6), round to nearest, no traps.
#[cfg(target_arch = "x86_64")]
const FLUSH: u32 = 0x1f80 | 1 << 15 | 1 << 6;
/// Flush to zero.
#[cfg(target_arch = "aarch64")]
const FLUSH: u64 = 1 << 24;

impl FloatMode {
    /// Sets the mode.
    #[inline]
    pub fn enter() -> FloatMode {
        #[cfg(target_arch = "x86_64")]
        {
            let mut before: u32 = 0;
            // SAFETY: both instructions touch one word of memory; the rounding mode is the default one before and after.
            unsafe {
                std::arch::asm!("stmxcsr [{}]", in(reg) &mut before, options(nostack));
                std::arch::asm!("ldmxcsr [{}]", in(reg) &FLUSH, options(nostack));
            }
            FloatMode { before }
        }
        #[cfg(target_arch = "aarch64")]
        {
            let before: u64;
            // SAFETY: only the flush bit of the control register changes.
            unsafe {
                std::arch::asm!("mrs {}, fpcr", out(reg) before, options(nostack));
                std::arch::asm!("msr fpcr, {}", in(reg) before | FLUSH, options(nostack));
            }
            FloatMode { before }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        FloatMode { before: () }
    }
}

impl Drop for FloatMode {
    #[inline]
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the register gets the value it had.
        unsafe {
            std::arch::asm!("ldmxcsr [{}]", in(reg) &self.before, options(nostack));
        }
        #[cfg(target_arch = "aarch64")]
        // SAFETY: the register gets the value it had.
        unsafe {
            std::arch::asm!("msr fpcr, {}", in(reg) self.before, options(nostack));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_are_zero_inside_and_numbers_outside() {
        let half_least = || black_box(f32::MIN_POSITIVE) * black_box(0.5);
        assert!(half_least() > 0.0);
        {
            let _mode = FloatMode::enter();
            assert_eq!(half_least(), 0.0);
        }
        assert!(half_least() > 0.0);
    }
}
