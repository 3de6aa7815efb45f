//! What does not make sound: the call of a step, the making of plans, and their adoption in the callback.

use crate::clock;
use crate::common::{Patch, engine, path, widest};
use crate::patch;
use patches_core::graph::{Graph, Landing, Module, Setting, Span};
use patches_core::lower::Lowering;
use patches_core::prelude::*;
use patches_dsl::{Memory, load};
use patches_engine::engine::{Engine, Settings, new};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

kernel! { Nothing, signals {} controls {} options {} outputs {} state {} }

impl Kernel for Nothing {
    const SERIAL: bool = true;
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, _: Sig<L>) -> Out<L> {
        Out::zero()
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

static NOTHING: LazyLock<&'static Spec> =
    LazyLock::new(|| Box::leak(Box::new(Spec::new(&["Nothing"], "nothing, for the benchmark"))));

fn lower(spec: &Spec) -> Option<fn(&mut Lowering<'_>)> {
    fn nothing(lowering: &mut Lowering<'_>) {
        lowering.kernel(&KERNEL, &[], &[]);
    }
    if std::ptr::eq(spec, *NOTHING) { Some(nothing) } else { patches_modules::lower(spec) }
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Nanoseconds for the call of a step that does nothing, 1000 in a plan.
pub fn dispatch() {
    const COUNT: usize = 1000;
    let module = Module {
        spec: *NOTHING,
        channels: vec![],
        settings: BTreeMap::new(),
        params: BTreeMap::new(),
        was: vec![],
        unnamed: false,
        span: Span::default(),
    };
    let mut patch = Patch::new();
    let settings = Settings { lower, ..crate::common::settings(widest()) };
    let make = |patch: &Patch| {
        let (mut control, engine) = new(settings);
        control.swap(patch.graph(), Landing::Now, 0.0).expect("the patch is within the limits");
        (control, engine)
    };
    let (_empty_control, mut empty) = make(&patch);
    for i in 0..COUNT {
        patch.0.modules.insert(path(&format!("nothing{i}")), module.clone());
    }
    let (_full_control, mut full) = make(&patch);
    let mut buffers = [[0.0f32; 64]; 2];
    let [a, b] = &mut buffers;
    let times = clock::rounds(
        &mut [(1, Box::new(|| full.process(a, 2)) as Box<dyn FnMut()>), (1, Box::new(|| empty.process(b, 2)))],
        200,
        0.2,
    );
    let call = (times.of(0) - times.of(1)) / COUNT as f64;
    println!(
        "call of an empty step, 1000 in a plan: {call:.2} ns; 1000 of them {:.2} ns/frame",
        call * COUNT as f64 / 32.0
    );
    println!("block of 32 frames with nothing to play: {:.0} ns ({:.1} ns/frame)", times.of(1), times.of(1) / 32.0);
}

/// The graph with every `step`th module's first number a little off.
fn edited(graph: &Graph, part: f64, round: usize) -> Arc<Graph> {
    let mut graph = graph.clone();
    let every = (1.0 / part).round() as usize;
    for (i, module) in graph.modules.values_mut().enumerate() {
        if module.spec.inputs.is_empty() || !i.is_multiple_of(every) {
            continue;
        }
        let slot = (0, 0);
        let value = match module.settings.get(&slot) {
            Some(Setting::Number(value)) => *value,
            _ => module.spec.inputs[0].default,
        };
        module.settings.insert(slot, Setting::Number(value + 0.01 * (round as f64 + 1.0)));
    }
    Arc::new(graph)
}

fn timed(engine: &mut Engine) -> f64 {
    let mut frame = [0.0; 2];
    let begun = Instant::now();
    engine.process(&mut frame, 2);
    begun.elapsed().as_secs_f64() * 1e6
}

/// Microseconds that the callback takes to adopt a plan, by how much of 1000 modules has changed.
pub fn swaps() {
    println!(
        "\nswap of 1000 modules in the callback: first frame of a save less a frame as usual; 20 saves each, fade 1 ms"
    );
    let patch = patch::many(200);
    for part in [0.01, 0.1, 1.0] {
        let (mut control, mut engine) = engine(&patch, widest());
        let graph = patch.graph();
        let mut buffer = vec![0.0; 2 * 512];
        let (mut with, mut without, mut plan) = (vec![], vec![], vec![]);
        for round in 0..20 {
            // Past the last save's fade, and a few single frames for the caches.
            for _ in 0..4 {
                engine.process(&mut buffer, 2);
            }
            let _ = control.poll();
            let next = edited(&graph, part, round);
            let begun = Instant::now();
            control.swap(next, Landing::Now, 0.001).expect("the patch is within the limits");
            plan.push(millis(begun));
            let took = timed(&mut engine);
            let usual = (0..5).map(|_| timed(&mut engine)).fold(f64::INFINITY, f64::min);
            with.push(took - usual);
            without.push(usual);
        }
        let slowest = control.meters().longest_swap_us;
        println!(
            "  {:>4.0} % changed: {:.1} µs more than the {:.1} µs of a frame (slowest adoption {slowest} µs); diff and two plans {:.2} ms",
            part * 100.0,
            middle(with),
            middle(without),
            middle(plan)
        );
    }
}

/// Milliseconds from a graph to a plan.
pub fn building() {
    println!(
        "\ngraph → plan (diff, lower, order, emit), and the plan after one parameter has moved (two plans: fade, settled)"
    );
    for voices in [200, 2000] {
        let graph = patch::many(voices).graph();
        let mut first = vec![];
        let mut second = vec![];
        for round in 0..5 {
            let (mut control, mut engine) = new(crate::common::settings(widest()));
            let begun = Instant::now();
            control.swap(graph.clone(), Landing::Now, 0.0).expect("the patch is within the limits");
            first.push(millis(begun));
            timed(&mut engine);
            let _ = control.poll();
            let next = edited(&graph, 1.0 / graph.modules.len() as f64, round);
            let begun = Instant::now();
            control.swap(next, Landing::Now, 0.01).expect("the patch is within the limits");
            second.push(millis(begun));
        }
        println!("  {:>6} modules: {:.1} ms; one edit {:.1} ms", graph.modules.len(), middle(first), middle(second));
    }
}

/// A text of so many voices of W1, five modules each.
fn text(voices: usize) -> String {
    format!(
        "for i in 1..{voices} {{\n\
         osc = Osc {{ pitch: A2 + 1st * (i - 1) / 16 }}\n\
         lfo = Lfo {{ rate: 0.1Hz + 0.05Hz * (i - 1) / 16 }}\n\
         filt = Svf {{ cutoff: 800Hz, resonance: 0.5 }}\n\
         env = Adsr {{ gate: 1, attack: 10ms }}\n\
         amp = Vca\n\
         osc.saw -> filt.low -> amp -[0.002]-> out\n\
         lfo -[1.4oct]-> filt.cutoff\n\
         env -> amp.gain\n}}\n"
    )
}

/// Milliseconds from a text to a plan.
pub fn loading() {
    let library = patches_modules::library();
    let files = Memory::default().with("bench.patches", text(400));
    let (mut read, mut plan, mut count) = (vec![], vec![], 0);
    for _ in 0..5 {
        let begun = Instant::now();
        let loaded = load(Path::new("bench.patches"), &files, &library);
        read.push(millis(begun));
        assert!(!loaded.has_errors(), "{:?}", loaded.faults.first());
        count = loaded.graph.modules.len();
        let (mut control, _engine) = new(crate::common::settings(widest()));
        let begun = Instant::now();
        control.swap(Arc::new(loaded.graph), Landing::Now, 0.0).expect("the patch is within the limits");
        plan.push(millis(begun));
    }
    println!("\ntext → graph → plan, {count} modules: {:.1} ms and {:.1} ms", middle(read), middle(plan));
}
