//! `cargo bench -p patches-engine --bench workloads [-- name or set …]`: what the engine takes for the reference workloads, against
//! the same written by hand, on every instruction set of this machine. Figures are for people; nothing here is a test of
//! time. What is tested is that both make the same sound.
//!
//! All at 48 kHz on one thread. Ours is the whole callback, master and meters included.

mod clock;
#[path = "../../tests/common/mod.rs"]
mod common;
mod hand;
mod patch;
mod peer;
mod plans;

use common::{Patch, RATE, engine};
use hand::Hand;
use patches_core::isa::Isa;
use patches_core::kernel::BLOCK;

/// A workload.
struct Workload {
    name: &'static str,
    what: &'static str,
    patch: fn() -> Patch,
    hand: fn(Isa) -> Vec<Hand>,
    /// Largest difference between ours and the reference in the first second that is no fault: their phases are rounded
    /// alike, their coefficients and the order of their sums are not.
    near: f32,
    /// At most so many times the reference's time.
    aim: f64,
}

const WORKLOADS: [Workload; 6] = [
    Workload {
        name: "W1",
        what: "64 voices: saw, swept filter, envelope",
        patch: || patch::w1(patch::W1_VOICES),
        hand: hand::w1,
        // All envelopes begin at once, a frame or two apart: at 1/480 a frame, on a sum that reaches 1.
        // And where a voice sleeps, its filter stands still.
        near: 1e-2,
        aim: 1.25,
    },
    Workload { name: "W2", what: "32 FM pairs", patch: patch::w2, hand: hand::w2, near: 1e-3, aim: 1.25 },
    Workload {
        name: "W3",
        what: "64 loops of one sample",
        patch: || patch::w3(patch::W3_LOOPS),
        hand: hand::w3,
        near: 1e-3,
        aim: 1.4,
    },
    Workload { name: "W3b", what: "one such loop", patch: || patch::w3(1), hand: hand::w3b, near: 1e-3, aim: 1.3 },
    Workload {
        name: "W5",
        what: "500 sines, gains, sum; as voices",
        patch: patch::w5,
        hand: hand::w5,
        near: 1e-3,
        aim: 2.5,
    },
    Workload {
        name: "W5m",
        what: "the same as 1499 modules",
        patch: patch::w5_modules,
        hand: hand::w5,
        near: 1e-3,
        aim: 2.5,
    },
];

fn main() {
    // Cargo adds `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_set = |name: &str| Isa::ALL.iter().any(|isa| isa.name() == name);
    let (some_sets, asked): (Vec<String>, Vec<String>) = asked.into_iter().partition(|name| is_set(name));
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|a| a.eq_ignore_ascii_case(name));
    let in_sets = |isa: &Isa| some_sets.is_empty() || some_sets.iter().any(|name| name == isa.name());
    let sets: Vec<Isa> = Isa::ALL.into_iter().filter(|isa| isa.available()).filter(in_sets).collect();
    let mut bad = false;
    println!("| | set | ours ns/frame | by hand | ratio | at most | × real time | largest difference |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for workload in WORKLOADS.iter().filter(|workload| wanted(workload.name)) {
        for &isa in &sets {
            bad |= !compare(workload, isa);
        }
    }
    println!("\n{}", WORKLOADS.map(|workload| format!("{}: {}", workload.name, workload.what)).join(" · "));
    if wanted("peer") {
        peers();
    }
    if wanted("idle") {
        idle();
    }
    if wanted("dispatch") {
        println!();
        plans::dispatch();
    }
    if wanted("swap") {
        plans::swaps();
    }
    if wanted("plan") {
        plans::building();
        plans::loading();
    }
    for tool in ["scsynth", "csound"] {
        let why = if installed(tool) { "installed, but not run by this benchmark yet" } else { "not installed" };
        println!("\ncompared with {tool}: no, {why}");
    }
    if bad {
        println!("\nours and the reference differ");
        std::process::exit(1);
    }
}

/// Whether a program is on the path.
fn installed(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// One line of the table; whether ours and the reference agree.
fn compare(workload: &Workload, isa: Isa) -> bool {
    const FRAMES: usize = 512;
    let patch = (workload.patch)();
    let apart = difference(&patch, workload, isa);
    let (_control, mut ours) = engine(&patch, isa);
    let mut buffer = vec![0.0; FRAMES * 2];
    let mut hands = (workload.hand)(isa);
    let mut blocks = vec![[0.0f32; BLOCK]; hands.len()];
    let ways = hands.len();
    let mut candidates: Vec<(usize, Box<dyn FnMut()>)> = vec![];
    candidates.push((FRAMES, Box::new(|| ours.process(&mut buffer, 2))));
    for (hand, block) in hands.iter_mut().zip(&mut blocks) {
        candidates.push((BLOCK, Box::new(move || hand.block(std::hint::black_box(block)))));
    }
    let times = clock::rounds(&mut candidates, 200, 0.4);
    let by_hand = times.fastest(1..1 + ways);
    let ns = times.of(0);
    println!(
        "| {} | {} | {ns:.1} | {:.1} | {:.2} | {} | {:.0} | {apart:.1e} |",
        workload.name,
        isa.name(),
        times.of(by_hand),
        times.ratio(0, by_hand),
        workload.aim,
        1e9 / f64::from(RATE) / ns,
    );
    apart <= workload.near
}

/// The largest difference in the first second, beyond the master's DC block, which both go through.
fn difference(patch: &Patch, workload: &Workload, isa: Isa) -> f32 {
    let (_control, mut ours) = engine(patch, isa);
    let heard = common::render(&mut ours, RATE as usize, &[512]);
    let mut largest = 0.0f32;
    for hand in &mut (workload.hand)(isa) {
        let (mut block, mut x1, mut y1) = ([0.0; BLOCK], 0.0, 0.0);
        let pole = 1.0 - std::f32::consts::TAU * 2.0 / RATE as f32;
        for ours in heard.chunks_exact(BLOCK) {
            hand.block(&mut block);
            for (ours, x) in ours.iter().zip(block) {
                y1 = x - x1 + pole * y1;
                x1 = x;
                // NaN must not pass for agreement.
                let apart = (ours[0] - y1).abs();
                largest = if apart <= largest { largest } else { apart };
            }
        }
    }
    largest
}

/// 64 voices that play, and the same ones asleep; the clock that triggers them, and what an engine costs, is taken off.
fn idle() {
    let mut engines: Vec<_> = [patch::once(30.0), patch::once(0.01), patch::clock()]
        .iter()
        .map(|patch| {
            let (control, mut ours) = engine(patch, common::widest());
            common::render(&mut ours, RATE as usize, &[512]);
            (control, ours, vec![0.0; 1024])
        })
        .collect();
    let mut candidates: Vec<(usize, Box<dyn FnMut() + '_>)> = vec![];
    for (_, ours, buffer) in &mut engines {
        candidates.push((512, Box::new(|| ours.process(buffer, 2))));
    }
    let times = clock::rounds(&mut candidates, 200, 0.4);
    let [playing, idle] = [0, 1].map(|at| times.of(at) - times.of(2));
    println!("\n64 voices: {playing:.1} ns/frame playing, {idle:.1} asleep, {:.3} of it (at most 0.1)", idle / playing);
}

/// W3b against one call per module and frame.
fn peers() {
    let (_control, mut ours) = engine(&patch::w3(1), common::widest());
    let mut peer = peer::Peer::w3b();
    let mut buffer = vec![0.0; 1024];
    let mut block = [0.0; 512];
    let times = clock::rounds(
        &mut [
            (512, Box::new(|| ours.process(&mut buffer, 2)) as Box<dyn FnMut()>),
            (512, Box::new(|| peer.block(std::hint::black_box(&mut block)))),
        ],
        200,
        0.4,
    );
    println!(
        "\nW3b against one call per module per frame: {:.1} and {:.1} ns/frame, {:.2} of its speed (at least 0.7)",
        times.of(0),
        times.of(1),
        times.ratio(1, 0)
    );
}
