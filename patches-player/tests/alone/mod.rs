//! An engine by itself, without devices, files and limiter, as the tests of sound run it.

use patches_core::isa::Isa;
use patches_engine::engine::Settings;

/// 48 kHz, stereo, on the instruction set that every machine has.
pub fn settings() -> Settings {
    Settings {
        rate: 48_000,
        oversample: 1,
        seed: 1,
        limiter: false,
        outputs: 2,
        inputs: 2,
        isa: Isa::Base,
        lower: patches_modules::lower,
    }
}
