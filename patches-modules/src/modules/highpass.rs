//! High-pass filter, 12 dB an octave: one answer of a state-variable filter; equation, source and cost are in `dsp::pass`.

use crate::dsp::pass::{self, Answer};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    pass::ports(Spec::new(&["Highpass"], "High-pass filter, 12 dB an octave"))
        .example("Noise -> Highpass { cutoff: 3kHz, resonance: 0.4 } -[0.3]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    pass::lower(lowering, Answer::High);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    #[test]
    fn it_passes_what_its_name_says() {
        let one: Vec<f32> = (0..4096).map(impulse).collect();
        let outs = Bench::new(&DEF, 1).plug("in", 0, &one).set("cutoff", 0, hz(1000.0) as f32).run(4096);
        let x = outs.get("out");
        // A decade to each side, where the warping of frequency is below 1.2 dB.
        assert_db(response_at(x, 100.0), -40.0, 0.5);
        assert_db(response_at(x, 10_000.0), 0.0, 3.0);
    }
}
