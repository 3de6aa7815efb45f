//! Hi-hat, open: `Hat` with a longer decay. `choke` it with the triggers of the closed one.

use super::hat;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    hat::ports(Spec::new(&["OpenHiHat"], "Hi-hat, open"), 0.5).example(
        "beat = Every { time: 1/4 }\nOpenHiHat { trigger: Every { time: 1/4, offset: 1/8 }, choke: beat } -[0.5]-> out",
    )
}

/// The module type.
pub static DEF: Def = Def { spec, lower: hat::lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    #[test]
    fn it_outlasts_the_closed_one_and_a_choke_ends_it() {
        let tail = |bench: Bench| rms(&bench.plug("trigger", 0, &[1.0]).run(9600).get("out")[8640..]);
        let (open, closed) = (tail(Bench::new(&DEF, 1)), tail(Bench::new(&hat::DEF, 1)));
        assert!(open > 0.01 && closed < 1e-4, "{open} and {closed}");
        let choke: Vec<f32> = (0..4800).map(|frame| if frame == 4000 { 1.0 } else { 0.0 }).collect();
        assert!(tail(Bench::new(&DEF, 1).plug("choke", 0, &choke)) < 1e-4);
    }
}
