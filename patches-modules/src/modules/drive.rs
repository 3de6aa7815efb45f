//! Overdrive: saturates, folds, clips or crushes. Equations, source and cost are in `dsp::shape`.

use crate::dsp::shape::{self, Shape};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    shape::ports(Spec::new(&["Drive"], "Overdrive: saturates, folds, clips or crushes"))
        .with_param(Param::choice(&["mode"], &[&["saturate"], &["fold"], &["clip"], &["crush"]], "what bends the wave"))
        .example("Saw { pitch: A1 } -> Drive { drive: 6, bias: 0.2, tone: 0.7 } -[0.3]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    shape::lower(lowering, [Shape::Saturate, Shape::Fold, Shape::Clip, Shape::Crush]);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    #[test]
    fn each_mode_is_what_its_word_says() {
        // 1.5 is far from where it was: after two frames of it the mean is the shape itself.
        for (mode, want) in [("saturate", 1.5_f64.tanh()), ("fold", 0.5), ("clip", 1.0), ("crush", 1.5)] {
            let outs = Bench::new(&DEF, 1).choose("mode", mode).plug("in", 0, &[1.5; 4]).run(4);
            assert_near(f64::from(outs.get("out")[3]), want, 1e-6);
        }
        let (plain, named) = (Bench::new(&DEF, 1), Bench::new(&DEF, 1).choose("mode", "saturate"));
        assert_eq!(plain.plug("in", 0, &[1.2; 4]).run(4).get("out"), named.plug("in", 0, &[1.2; 4]).run(4).get("out"));
    }

    #[test]
    fn tone_is_in_the_way_only_when_it_is_set() {
        assert_eq!(Bench::new(&DEF, 1).nodes().0.len(), 1);
        let wave: Vec<f32> = (0..8192).map(|frame| tone(8000.0)(frame, 0)).collect();
        let level = |tone| rms(Bench::new(&DEF, 1).set("tone", 0, tone).plug("in", 0, &wave).run(8192).get("out"));
        assert!(level(0.3) < level(1.0) * 0.5);
    }
}
