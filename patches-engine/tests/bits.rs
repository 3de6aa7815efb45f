//! The same patch gives the same bits: on every instruction set, for every split of the blocks, for every order of the
//! text, one voice or many. Every module type is held to it, alone, with 20 voices and inside a loop.

mod common;
use common::*;
use patches_core::graph::{Cable, End, Graph, Span};
use patches_core::isa::Isa;
use patches_core::lower::{Lowering, NodeKind};
use patches_core::spec::{Kind, Side, Spec};
use std::sync::Arc;

const FRAMES: usize = 4_800;
const SPLITS: [&[usize]; 5] = [&[1], &[7], &[32], &[64], &[13, 1, 100, 31, 2, 257]];

fn renders(graph: &Arc<Graph>) -> Vec<(String, u64)> {
    let mut all = vec![];
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        for split in SPLITS {
            let (mut control, mut engine) = patches_engine::engine::new(settings(isa));
            control.swap(graph.clone(), patches_core::graph::Landing::Now, 0.0).expect("within limits");
            let out = render(&mut engine, FRAMES, split);
            assert!(out.iter().flatten().all(|x| x.is_finite()));
            all.push((format!("{} {split:?}", isa.name()), hash(&out)));
        }
    }
    all
}

fn assert_one_hash(name: &str, graph: &Arc<Graph>) -> u64 {
    let all = renders(graph);
    for (form, hash) in &all {
        assert_eq!(*hash, all[0].1, "{name}: {form} differs from {}", all[0].0);
    }
    all[0].1
}

/// The module `it` with every input fed by something that moves, and every output heard.
fn surrounded(spec: &'static Spec, voices: usize) -> Patch {
    let mut patch = Patch::new()
        .module("slow", "Every", &[("time", 0.013)])
        .module("quick", "Every", &[("time", 0.0037)])
        .shaped("many", "Merge", voices, &[]);
    for voice in 0..voices {
        let scale = 0.7 + 0.02 * voice as f64;
        patch = patch.cable("quick.phase", &format!("many.in[{voice}]"), scale);
    }
    let channels = if spec.has_channels() { 3 } else { 0 };
    let mut patch = patch.shaped("it", spec.name(), channels, &[]);
    if let Some(list) = spec.param("steps") {
        let items = [4.0, 4.25, 4.6].map(patches_core::graph::Item::Number);
        patch
            .0
            .modules
            .get_mut("it")
            .expect("just put there")
            .params
            .insert((list, 0), patches_core::graph::ParamValue::List(Arc::from(items.to_vec())));
    }
    let end = |module: &str, port: u16, channel: u16| End { module: module.into(), port, channel, side: Side::Both };
    let phase = |patch: &Patch, name: &str| patch.0.modules[name].spec.output("phase").expect("a clock has a phase").0;
    let slow = phase(&patch, "slow");
    for (port, input) in spec.inputs.iter().enumerate() {
        if input.kind == Kind::Midi {
            continue;
        }
        let (port, last) = (port as u16, if input.indexed { channels as u16 } else { 1 });
        for channel in 0..last {
            let span = if input.max - input.min < 1e3 { input.max - input.min } else { 1.0 };
            let (from, scale) = match (input.kind, port) {
                (_, 0) => (end("many", 0, 0), 1.0),
                (Kind::Trigger, _) => (end("quick", 0, 0), 1.0),
                (Kind::Gate, _) => (end("slow", slow, 0), 1.0),
                // A little of the range, so that nothing rings for ever.
                _ => (end("slow", slow, 0), span * 0.05),
            };
            let to = end("it", port, channel);
            patch.0.cables.push(Cable { from, to, scale, late: false, span: Span::default() });
        }
    }
    for (port, output) in spec.outputs.iter().enumerate().filter(|(_, output)| output.kind != Kind::Midi) {
        for channel in 0..if output.indexed { channels as u16 } else { 1 } {
            let from = end("it", port as u16, channel);
            let cable = Cable { from, to: end("out", 0, 0), scale: 0.05, late: false, span: Span::default() };
            patch.0.cables.push(cable);
        }
    }
    patch
}

/// Every module type but those that do wrong on purpose.
fn types() -> impl Iterator<Item = &'static Spec> {
    patches_modules::library().specs().to_vec().into_iter().filter(|spec| !spec.name().starts_with("Test"))
}

#[test]
fn every_module_gives_one_hash_alone() {
    for spec in types() {
        assert_one_hash(spec.name(), &surrounded(spec, 1).graph());
    }
}

#[test]
fn every_module_gives_one_hash_with_twenty_voices() {
    for spec in types() {
        assert_one_hash(spec.name(), &surrounded(spec, 20).graph());
    }
}

#[test]
fn every_module_gives_one_hash_inside_a_loop() {
    for spec in types() {
        let Some(input) = spec.inputs.first() else { continue };
        if spec.outputs.is_empty()
            || [input.kind, spec.outputs[0].kind].iter().any(|kind| [Kind::Trigger, Kind::Midi].contains(kind))
        {
            continue;
        }
        for voices in [1, 3] {
            let mut patch = surrounded(spec, voices);
            let end = |port: u16| End { module: "it".into(), port, channel: 0, side: Side::Both };
            patch.0.cables.push(Cable { from: end(0), to: end(0), scale: 0.1, late: true, span: Span::default() });
            assert_one_hash(spec.name(), &patch.graph());
        }
    }
}

/// Whether a type has a kernel that is born different in each voice.
fn by_chance(spec: &'static Spec) -> bool {
    let mut lowering = Lowering::new(spec, 3, f64::from(RATE), &Fed);
    patches_modules::lower(spec).expect("every type has kernels")(&mut lowering);
    lowering.nodes.iter().any(|node| matches!(node.kind, NodeKind::Kernel(def, _) if def.seeded))
}

#[test]
fn voices_are_what_single_modules_would_be() {
    for spec in types() {
        // Voices of one module share its name, so chance differs from that of two modules by design; these two make
        // voices of their own; and MIDI brings none.
        let midi = spec.inputs.first().is_some_and(|input| input.kind == Kind::Midi);
        let own = midi || ["Merge", "Unison"].contains(&spec.name());
        if own || by_chance(spec) || spec.one || spec.inputs.is_empty() || spec.outputs.is_empty() {
            continue;
        }
        let poly = surrounded(spec, 3);
        let (_c, mut engine) = engine(&poly, widest());
        let together = render(&mut engine, FRAMES, &[64]);
        let mut apart = vec![[0.0f64; 2]; FRAMES];
        for voice in 0..3 {
            let mut mono = surrounded(spec, 3);
            // Only this voice is left of the merge: a merge of one.
            let merge = mono.0.modules.get_mut("many").expect("it is there");
            merge.channels = vec!["0".into()];
            mono.0.cables.retain(|cable| cable.to.module.as_ref() != "many" || cable.to.channel == voice);
            for cable in &mut mono.0.cables {
                if cable.to.module.as_ref() == "many" {
                    cable.to.channel = 0;
                }
            }
            let (_c, mut engine) = common::engine(&mono, widest());
            for (sum, frame) in apart.iter_mut().zip(render(&mut engine, FRAMES, &[64])) {
                sum[0] += f64::from(frame[0]);
                sum[1] += f64::from(frame[1]);
            }
        }
        for (i, (got, want)) in together.iter().zip(&apart).enumerate() {
            // Three rounded sums against one: the DC block carries the difference on for a while.
            let bound = 2e-5 * (1.0 + want[0].abs());
            assert!((f64::from(got[0]) - want[0]).abs() < bound, "{} frame {i}: {got:?} {want:?}", spec.name());
        }
    }
}

#[test]
fn the_order_of_modules_and_cables_never_matters() {
    let spec = patches_modules::library().find("Mixer").expect("there is a mixer");
    let patch = surrounded(spec, 5);
    let expected = assert_one_hash("Mixer", &patch.graph());
    let mut seed = 7u64;
    for _ in 0..20 {
        let mut shuffled = patch.clone();
        let cables = &mut shuffled.0.cables;
        for i in (1..cables.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            cables.swap(i, (seed >> 33) as usize % (i + 1));
        }
        let (_c, mut engine) = engine(&shuffled, widest());
        assert_eq!(hash(&render(&mut engine, FRAMES, &[64])), expected);
    }
}

#[test]
fn a_planted_difference_in_one_sample_changes_the_hash() {
    let spec = patches_modules::library().find("Mixer").expect("there is a mixer");
    let (_c, mut engine) = engine(&surrounded(spec, 2), Isa::Base);
    let out = render(&mut engine, FRAMES, &[64]);
    let mut other = out.clone();
    other[1234][1] = f32::from_bits(other[1234][1].to_bits() ^ 1);
    assert_ne!(hash(&out), hash(&other));
}
