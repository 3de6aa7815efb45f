//! The step functions of an instruction set, as machine code: nothing in them calls out of the set, and all of them use
//! its registers. A function below a kernel that is not inlined gives the same bits, a hundred times slower; only the
//! machine code shows it.
//!
//! Reads this very test's program, which has every module in it; with `PATCHES_BINARY=path` another one, such as the
//! released `patches`. Needs `objdump` (binutils).
#![cfg(target_arch = "x86_64")]

use patches_core::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

kernel! { Planted, signals { x } controls {} options {} outputs { y } state {} }

/// The planted fault: a part of a kernel that is called.
#[inline(never)]
fn planted_helper<L: Lanes>(x: L) -> L {
    x * x + L::splat(1.0)
}

impl Kernel for Planted {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        Out::new(planted_helper(x.x))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

/// The functions that hold an instruction set, by a part of their names, and the registers that show it.
const SETS: [(&str, &str); 4] = [
    ("patches_core::drive::wide::with_avx2::", "%ymm"),
    ("patches_core::drive::wide::with_avx512::", "%zmm"),
    ("patches_engine::steps::sum::avx2", "%ymm"),
    ("patches_engine::steps::sum::avx512", "%zmm"),
];
/// Forms that run 16 lanes, whatever the kernel; the others may have nothing to do, or one voice.
const WIDE: [&str; 2] = ["::block16", "::one16"];
/// What may be called: panics, which come once, and copies of memory.
const ALLOWED: [&str; 8] = [
    "core::panicking::",
    "std::panic::",
    "core::slice::index::",
    "core::option::",
    "core::result::",
    "memcpy",
    "memmove",
    "memset",
];

/// One function of a set.
#[derive(Default)]
struct Function {
    name: String,
    set: usize,
    calls: BTreeSet<String>,
    /// Uses the set's registers.
    wide: bool,
    /// An instruction on vectors that is not of any AVX set.
    old: Option<String>,
}

fn objdump(binary: &Path, flags: &[&str]) -> Option<String> {
    let output = match Command::new("objdump").args(flags).arg(binary).output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "objdump (binutils) is needed: {error}");
            eprintln!("objdump (binutils) is not there, so the machine code is not looked at: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "objdump: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The name in `…<name+0x12>` at the end of a line.
fn target(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('<')?;
    let name = rest.strip_suffix('>')?;
    Some(name.rsplit_once("+0x").map_or(name, |(name, _)| name))
}

/// Where pointers in the program's table of addresses lead: place to name or address.
fn table(relocations: &str) -> BTreeMap<String, String> {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let (place, _, value) = (words.next()?, words.next()?, words.next()?);
        let place = place.trim_start_matches('0').to_string();
        Some((place, value.trim_start_matches("*ABS*+0x").trim_start_matches('0').to_string()))
    };
    relocations.lines().filter_map(row).collect()
}

/// The functions of all sets in a program.
fn functions(code: &str, pointers: &BTreeMap<String, String>) -> Vec<Function> {
    let heads = || code.lines().filter_map(|line| line.strip_suffix(">:")?.split_once(" <"));
    let names: BTreeMap<&str, &str> = heads().map(|(at, name)| (at.trim_start_matches('0'), name)).collect();
    let mut found: Vec<Function> = vec![];
    let mut inside = false;
    for line in code.lines() {
        if let Some((_, name)) = line.strip_suffix(">:").and_then(|head| head.split_once(" <")) {
            let set = SETS.iter().position(|(part, _)| name.contains(part) && !name.ends_with("::forms"));
            inside = set.is_some();
            if let Some(set) = set {
                found.push(Function { name: name.into(), set, ..Function::default() });
            }
            continue;
        }
        let Some((_, instruction)) = line.split_once('\t').filter(|_| inside) else { continue };
        let Some(function) = found.last_mut() else { continue };
        let name = instruction.split_whitespace().next().unwrap_or("");
        function.wide |= instruction.contains(SETS[function.set].1);
        if instruction.contains("%xmm") && !name.starts_with('v') {
            function.old = Some(instruction.into());
        }
        if !name.starts_with("call") && !name.starts_with('j') && !name.starts_with("addr32") {
            continue;
        }
        // Through the table: `call *0x10(%rip)  # 2f0668 <…>`.
        let through = instruction.rsplit_once("# ").and_then(|(_, place)| place.split_whitespace().next());
        let called = match through.and_then(|place| pointers.get(place)) {
            Some(value) => names.get(value.as_str()).unwrap_or(&value.as_str()).to_string(),
            None => target(instruction).unwrap_or(instruction).to_string(),
        };
        // A jump within the function, and a jump by table.
        if called != function.name && !(name.starts_with('j') && instruction.contains("*%")) {
            function.calls.insert(called);
        }
    }
    found
}

fn binary() -> PathBuf {
    match std::env::var_os("PATCHES_BINARY") {
        Some(path) => path.into(),
        None => std::env::current_exe().expect("a running program has a path"),
    }
}

fn look(binary: &Path) -> Option<Vec<Function>> {
    // Every kernel must be in the program, and the planner, which knows the sums.
    black_box(patches_engine::control::Control::swap as *const ());
    black_box(patches_modules::modules::DEFS);
    black_box(&KERNEL.forms);
    let code = objdump(binary, &["-d", "--no-show-raw-insn", "-C"])?;
    let pointers = table(&objdump(binary, &["-R", "-C"])?);
    Some(functions(&code, &pointers))
}

/// Calls that leave the set. A jump to another function of the same set stays in it: equal functions are one.
fn leaks(function: &Function) -> impl Iterator<Item = &String> {
    let home = SETS[function.set].0;
    function
        .calls
        .iter()
        .filter(move |call| !call.contains(home) && !ALLOWED.iter().any(|allowed| call.contains(allowed)))
}

#[test]
fn no_step_function_calls_out_of_its_instruction_set() {
    let binary = binary();
    let Some(functions) = look(&binary) else { return };
    for (part, _) in SETS {
        assert!(functions.iter().any(|f| f.name.contains(part)), "no `{part}` in {}", binary.display());
    }
    let mut faults = BTreeSet::new();
    for function in &functions {
        let planted = function.calls.iter().any(|call| call.contains("planted_helper"));
        for call in leaks(function).filter(|_| !planted) {
            faults.insert(format!("{} calls {call}", function.name));
        }
        if let Some(instruction) = &function.old {
            faults.insert(format!("{} has `{instruction}`", function.name));
        }
        let must = function.set > 1 || WIDE.iter().any(|form| function.name.contains(form));
        if must && !planted && !function.wide {
            faults.insert(format!("a {} without {}", function.name, SETS[function.set].1));
        }
    }
    let list: Vec<String> = faults.into_iter().collect();
    assert!(list.is_empty(), "add #[inline(always)] to what is called:\n{}", list.join("\n"));
}

#[test]
fn a_planted_call_is_seen_in_every_form() {
    let Some(functions) = look(&std::env::current_exe().expect("a running program has a path")) else { return };
    let caught = |set: usize, form: &str| {
        let mine = |f: &&Function| f.set == set && f.name.contains(form);
        functions.iter().filter(mine).any(|f| leaks(f).any(|call| call.contains("planted_helper")))
    };
    for (set, (name, _)) in SETS.iter().enumerate().take(2) {
        for form in WIDE {
            assert!(caught(set, form), "{form} of {name}");
        }
    }
    assert!(caught(0, "::block1"));
}
