//! Measures the time from a save to the first sample that it changes, as another program on the sound server hears it.
//!
//! Run by `tools/latency`, which starts the server. Saves a patch many times while recording what the player plays, with
//! the server's own time of every period; the session's replay then says which recorded sample is the first of each
//! edit, since the recording is the replay, bit for bit.

use serde_json::Value;
use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Seconds that may be recorded.
const SECONDS: usize = 120;

/// What was heard, and the server's frame time of each period with the index of its first frame.
struct Heard {
    frames: Vec<[u32; 2]>,
    periods: Vec<(u32, usize)>,
}

fn text(round: usize) -> String {
    let gain = 10 + round % 50;
    format!(
        "noise = Noise\nosc = Osc {{ pitch: A3 }}\nnoise.white -[0.05]-> out\nosc.saw -> Vca {{ gain: {gain}% }} -> out\n"
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(player), Some(rounds)) = (args.next(), args.next()) else { return Err("latency PLAYER SAVES".into()) };
    let rounds: usize = rounds.parse()?;
    let dir = tempfile::tempdir()?;
    let patch = dir.path().join("a.patches");
    std::fs::write(&patch, text(0))?;
    let mut child = Command::new(&player)
        .current_dir(dir.path())
        .args(["play", "a.patches", "--json", "--session", "take"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut events = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let started = event(&mut events, "started")?;
    println!("{} on {}, {} frames", started["backend"], started["device"], started["frames"]);

    let (client, _) = jack::Client::new("patches_latency", jack::ClientOptions::NO_START_SERVER)?;
    let left = client.register_port("left", jack::AudioIn::default())?;
    let right = client.register_port("right", jack::AudioIn::default())?;
    let names = [left.name()?, right.name()?];
    let room = SECONDS * client.sample_rate() as usize;
    let heard = Arc::new(Mutex::new(Heard {
        frames: Vec::with_capacity(room),
        periods: Vec::with_capacity(room / client.buffer_size() as usize + 1),
    }));
    let shared = heard.clone();
    let record = move |_: &jack::Client, scope: &jack::ProcessScope| {
        // Nobody else has the lock until the recording is over.
        if let Ok(mut heard) = shared.try_lock()
            && heard.frames.len() + scope.n_frames() as usize <= heard.frames.capacity()
        {
            let first = heard.frames.len();
            heard.periods.push((scope.last_frame_time(), first));
            let pairs = left.as_slice(scope).iter().zip(right.as_slice(scope));
            heard.frames.extend(pairs.map(|(left, right)| [left.to_bits(), right.to_bits()]));
        }
        jack::Control::Continue
    };
    let active = client.activate_async((), jack::contrib::ClosureProcessHandler::new(record))?;
    let client = active.as_client();
    let mut ports = client.ports(Some("^(patches\\.P\\.|cpal_client_)"), None, jack::PortFlags::IS_OUTPUT);
    ports.sort();
    for (port, name) in ports.iter().zip(&names) {
        client.connect_ports_by_name(port, name)?;
    }

    let mut saved = Vec::new();
    for round in 1..=rounds {
        // Not in step with the periods.
        std::thread::sleep(Duration::from_micros(30_000 + (round as u64 * 7919) % 10_000));
        let other = patch.with_extension("new");
        let text = text(round);
        let begun = client.time();
        if round % 2 == 0 {
            std::fs::write(&patch, text)?;
        } else {
            std::fs::write(&other, text)?;
            std::fs::rename(&other, &patch)?;
        }
        let at = event(&mut events, "swapped")?["at"].as_u64().ok_or("no frame")?;
        saved.push((begun, at as usize));
    }
    std::thread::sleep(Duration::from_millis(300));
    drop(child.stdin.take());
    let stopped = event(&mut events, "stopped")?;
    child.wait()?;
    Command::new(&player).current_dir(dir.path()).args(["replay", "take", "-o", "replay.wav"]).status()?;
    let heard = heard.lock().map_err(|_| "the recorder panicked")?;
    let times = first_changes(&heard, &dir.path().join("replay.wav"), &saved, |frame| client.frames_to_time(frame))?;
    tell(&times, rounds, &stopped);
    Ok(())
}

/// The next event of this name.
fn event(lines: &mut impl Iterator<Item = std::io::Result<String>>, name: &str) -> Result<Value, Box<dyn Error>> {
    for line in lines {
        let event: Value = serde_json::from_str(&line?)?;
        if event["event"] == name {
            return Ok(event);
        }
    }
    Err(format!("the player ended before `{name}`").into())
}

/// Milliseconds from each save to the frame that it first changes, for those whose frame was heard.
fn first_changes(
    heard: &Heard,
    replay: &Path,
    saved: &[(u64, usize)],
    time: impl Fn(u32) -> u64,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let samples: Vec<u32> =
        hound::WavReader::open(replay)?.samples::<f32>().map(|s| s.map(f32::to_bits)).collect::<Result<_, _>>()?;
    let replay: &[[u32; 2]] = samples.as_chunks().0;
    // Noise makes every two frames unlike all others.
    let mut places = HashMap::new();
    for (i, pair) in heard.frames.array_windows::<2>().enumerate() {
        places.entry(*pair).or_insert(i);
    }
    let mut times = Vec::new();
    for &(begun, at) in saved {
        let Some(pair) = replay.get(at..at + 2).and_then(|pair| <[[u32; 2]; 2]>::try_from(pair).ok()) else { continue };
        let Some(&index) = places.get(&pair) else { continue };
        let period = heard.periods.partition_point(|(_, first)| *first <= index) - 1;
        let (start, first) = heard.periods[period];
        let then = time(start.wrapping_add((index - first) as u32));
        times.push((then as f64 - begun as f64) / 1000.0);
    }
    Ok(times)
}

fn tell(times: &[f64], rounds: usize, stopped: &Value) {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(worst) = sorted.last() else { return println!("nothing was heard") };
    println!(
        "save to first changed sample: median {:.1} ms, worst {worst:.1} ms, least {:.1} ms ({} of {rounds} saves heard)",
        sorted[sorted.len() / 2],
        sorted[0],
        sorted.len(),
    );
    println!(
        "xruns {}, longest callback {} us, longest swap {} us, allocations in the callback {}",
        stopped["xruns"],
        stopped["longest_callback_us"],
        stopped["longest_swap_us"],
        stopped["allocations_in_callback"]
    );
}
