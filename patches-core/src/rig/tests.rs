//! The rig against kernels with planted faults, each of which it must find, and one without.

use super::*;

/// Declares a kernel of one signal and one control whose parts are given.
macro_rules! planted {
    ($module:ident, $name:ident, serial $serial:literal, heavy $heavy:literal,
     map |$cm:ident, $c:ident| $map:expr, scan |$cs:ident, $s:ident, $m:ident, $x:ident| $scan:expr,
     fin |$cf:ident, $r:ident| $fin:expr) => {
        mod $module {
            use crate::prelude::*;
            kernel! { $name, signals { x } controls { k } options {} outputs { y, z } state { s, seed: Bits } }
            impl Kernel for $name {
                const SERIAL: bool = $serial;
                const HEAVY_FIN: bool = $heavy;
                const SEEDED: bool = true;
                type Mid<L: Lanes> = Ctl<L>;
                type Raw<L: Lanes> = Out<L>;
                #[inline(always)]
                fn map<L: Lanes>($cm: &Cx, $c: Ctl<L>) -> Ctl<L> {
                    let _ = $cm;
                    $map
                }
                #[inline(always)]
                fn scan<L: Lanes>($cs: &Cx, $s: &mut State<L>, $m: Ctl<L>, $x: Sig<L>) -> Out<L> {
                    let _ = $cs;
                    $scan
                }
                #[inline(always)]
                fn fin<L: Lanes>($cf: &Cx, $r: Out<L>) -> Out<L> {
                    let _ = $cf;
                    $fin
                }
                fn birth(seed: u32) -> State<f32> {
                    State::new(0.0, <f32 as Lanes>::Bits::splat(seed))
                }
            }
        }
    };
}

planted! { sound, Sound, serial false, heavy true,
    map |cx, c| c,
    scan |cx, s, m, x| { s.s = s.s.mla(m.k, x.x - s.s); Out::new(s.s, s.seed.to_float()) },
    fin |cx, r| r
}
planted! { by_lanes, ByLanes, serial false, heavy false,
    map |cx, c| c,
    scan |cx, s, m, x| {
        let _ = m;
        s.s = x.x;
        // Looks at how many lanes there are.
        Out::new(x.x + L::splat(if L::COUNT == 1 { 0.0 } else { 1e-6 }), s.seed.to_float())
    },
    fin |cx, r| r
}
planted! { by_split, BySplit, serial false, heavy true,
    map |cx, c| c,
    scan |cx, s, m, x| { let _ = m; s.s = x.x; Out::new(x.x, s.seed.to_float()) },
    // `fin` may not use the clock: in blocks it is that of the last frame.
    fin |cx, r| Out::new(r.y + L::splat(cx.now as f32), r.z)
}
planted! { by_map, ByMap, serial false, heavy false,
    // `map` may not use the clock: while controls stay it runs once.
    map |cx, c| Ctl::new(c.k + L::splat(cx.now as f32)),
    scan |cx, s, m, x| { s.s = x.x; Out::new(x.x * m.k, s.seed.to_float()) },
    fin |cx, r| r
}

fn rig(def: &'static KernelDef) -> Rig {
    let wave = |frame: usize, voice: usize| ((frame * (voice + 3)) % 17) as f32 - 8.0;
    Rig::new(def).frames(150).start(5).still(0, 0.3).moving(1, wave)
}

#[test]
fn a_sound_kernel_passes() {
    rig(&sound::KERNEL).assert_same_bits();
    rig(&sound::KERNEL).moving(0, |frame, voice| 0.1 + (frame + voice) as f32 * 1e-3).assert_same_bits();
    rig(&sound::KERNEL).wants(&[1]).assert_same_bits();
}

#[test]
fn the_recurrence_is_the_one_written() {
    let got = rig(&sound::KERNEL).take();
    let mut s = [0.0_f32; LANES];
    for frame in 0..150 {
        for (voice, s) in s.iter_mut().enumerate() {
            let x = ((frame * (voice + 3)) % 17) as f32 - 8.0;
            // The state is snapped where the clock, 5 at the first frame, is a multiple of 32.
            if (frame + 5) % 32 == 0 && s.abs() < 1e-20 {
                *s = 0.0;
            }
            *s += 0.3 * (x - *s);
            assert_eq!(got.outs[0][frame][voice], *s, "frame {frame}, voice {voice}");
        }
    }
    assert_eq!(got.outs[1][0][3], 4.0, "voice 3 is born with seed 1 + 3");
}

#[test]
fn planted_faults_are_found() {
    assert!(rig(&by_lanes::KERNEL).same_bits().is_err(), "one voice and sixteen differ");
    assert!(rig(&by_split::KERNEL).same_bits().is_err(), "the split of blocks is heard");
    assert!(rig(&by_map::KERNEL).same_bits().is_err(), "controls that move and that stay differ");
}

#[test]
fn what_is_not_finite_is_said() {
    let loud =
        rig(&sound::KERNEL).moving(1, |frame, voice| if frame == 40 && voice == 9 { f32::INFINITY } else { 0.0 });
    let take = loud.take();
    assert!(take.bad);
    assert!(take.outs[0][39][9].is_finite() && !take.outs[0][40][9].is_finite());
    assert!(take.outs[0].iter().all(|row| row[8].is_finite()), "the next voice hears nothing of it");
    loud.assert_same_bits();
}

#[test]
fn one_bit_is_a_difference_and_nan_is_nan() {
    let take = |x: f32| Take { outs: vec![vec![[x; LANES]]], bad: false };
    assert!(difference(&take(1.0), &take(1.0)).is_none());
    assert!(difference(&take(1.0), &take(f32::from_bits(1.0_f32.to_bits() + 1))).is_some());
    assert!(difference(&take(0.0), &take(-0.0)).is_some());
    assert!(difference(&take(f32::NAN), &take(-f32::NAN)).is_none());
}

#[test]
fn memories_belong_to_voices() {
    mod ring {
        use crate::prelude::*;
        kernel! { Ring, signals { x } controls {} options {} outputs { y } state { at: Bits } }
        impl Kernel for Ring {
            type Mid<L: Lanes> = Ctl<L>;
            type Raw<L: Lanes> = Out<L>;
            #[inline(always)]
            fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
                c
            }
            #[inline(always)]
            fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
                let old = L::lookup(cx.mem(0), s.at);
                L::poke(cx.mem(0), s.at, x.x);
                s.at = s.at + L::Bits::splat(1);
                Out::new(old)
            }
            #[inline(always)]
            fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
                r
            }
        }
    }
    let rig = Rig::new(&ring::KERNEL).frames(100).moving(0, |frame, voice| (frame * 100 + voice) as f32).mem(&[0.0; 8]);
    assert_eq!(rig.take().outs[0][50][7], 4207.0, "eight frames late");
    rig.assert_same_bits();
}
