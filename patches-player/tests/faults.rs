//! What may go wrong on stage, on a real sound server: the server stands still, dies, comes back at another rate; the disk is
//! full or does not answer; the control thread does; modules panic, give no numbers, take too long; a loop runs away. Each
//! time the sound comes back by itself, the take is whole, and the replay of the session is the take.

#![cfg(target_os = "linux")]

mod common;

use common::server::{NEEDS, Server, stretches};
use common::stall::stall;
use common::{Player, Save, have, patches, run, save, told, wav_bits};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

type Sound = Vec<[u32; 2]>;

/// Noise, so that every frame has one place in a replay, and something to hear.
const TEXT: &str = "noise = Noise\nnoise.white -[0.05]-> out\nosc = Osc { pitch: A3 }\nosc.saw -[0.1]-> out\n";

fn wait(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

/// Plays a text from the start, and records it.
fn play(server: &Server, text: &str, more: &[&str]) -> Player {
    save(&server.patch(), text, Save::InPlace);
    let mut player = server.play(&[&["--record", "take.wav"], more].concat());
    player.wait_for("started");
    player
}

/// What the server hears of it for a while.
fn hear(server: &Server, player: &Player) -> Sound {
    let recorder = server.record(player);
    wait(0.7);
    recorder.finish()
}

/// Ends it: what it says then, and the replay, which is the take.
fn end(server: &Server, player: Player) -> (Value, Sound) {
    let panics = player.events.iter().any(|event| event["why"].as_str().is_some_and(|why| why.contains("panic")));
    let stopped = player.quit();
    // What a panic throws is made there and then, by the system.
    assert!(panics || stopped["allocations_in_callback"] == 0, "{stopped}");
    let output = run(server.dir(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let replay = wav_bits(&server.dir().join("replay.wav"));
    let take = wav_bits(&server.dir().join("take.wav"));
    // The limiter looks 64 frames ahead.
    let first = take[64..].iter().zip(&replay).position(|(take, replay)| take != replay);
    assert_eq!(first, None, "the replay is the take");
    assert_eq!(take.len(), replay.len(), "the take is whole");
    (stopped, replay)
}

/// What was heard is in the replay, but for what the machine was late with, and it is not silence.
fn is_played(heard: &Sound, replay: &Sound) {
    let found = stretches(heard, replay);
    let same: usize = found.iter().map(|(_, _, frames)| frames).sum();
    println!("{} frames heard, {same} of them as replayed, in {} stretches", heard.len(), found.len());
    assert!(heard.len() > 24_000, "{} frames heard", heard.len());
    assert!(same * 10 > heard.len() * 9, "{same} of {} frames are what was played: {found:?}", heard.len());
}

/// The state of the next event about the device.
fn device(player: &mut Player) -> Value {
    player.wait_for("device")
}

#[test]
fn a_server_that_stands_still_is_waited_for() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    let mut player = play(&server, TEXT, &[]);
    server.freeze();
    wait(0.8);
    server.thaw();
    let short = hear(&server, &player);
    server.freeze();
    assert_eq!(device(&mut player)["state"], "lost");
    save(&server.patch(), &TEXT.replace("A3", "E4"), Save::Rename);
    assert_eq!(player.wait_for("swapped")["save"], 2, "edits are heard by the clock");
    server.thaw();
    assert_eq!(device(&mut player)["state"], "back");
    let long = hear(&server, &player);
    let (_, replay) = end(&server, player);
    is_played(&short, &replay);
    is_played(&long, &replay);
}

#[test]
fn a_server_that_dies_and_comes_back_says_nothing_of_its_own() {
    if !have(&NEEDS) {
        return;
    }
    let mut server = Server::start();
    let mut player = play(&server, TEXT, &[]);
    server.kill();
    assert_eq!(device(&mut player)["state"], "lost");
    // It is looked for more than once.
    wait(2.5);
    server.restart();
    let back = device(&mut player);
    assert_eq!((&back["state"], &back["bridged"]), (&"back".into(), &Value::Null), "{back}");
    let heard = hear(&server, &player);
    let (_, replay) = end(&server, player);
    is_played(&heard, &replay);
    let said = std::fs::read_to_string(server.dir().join("stderr")).expect("it was kept");
    let lines: Vec<&str> = said.lines().filter(|line| line.to_lowercase().contains("jack")).collect();
    assert!(said.lines().count() <= 4 && lines.len() <= 4, "the log is not filled by JACK: {said}");
}

/// Beats a second of a tone, by where it goes up through zero.
fn pitch(sound: &Sound, rate: u32) -> f64 {
    let left: Vec<f64> = sound.iter().map(|frame| f64::from(f32::from_bits(frame[0]))).collect();
    let up: Vec<f64> = (1..left.len())
        .filter(|i| left[i - 1] < 0.0 && left[*i] >= 0.0)
        .map(|i| i as f64 - left[i] / (left[i] - left[i - 1]))
        .collect();
    let (Some(first), Some(last)) = (up.first(), up.last()) else { return 0.0 };
    (up.len() - 1) as f64 / (last - first) * f64::from(rate)
}

#[test]
fn a_server_that_comes_back_at_another_rate_is_bridged() {
    if have(&NEEDS) {
        another_rate("alsa");
    }
}

#[cfg(feature = "jack")]
#[test]
fn and_bridged_without_alsa_between() {
    if have(&NEEDS) {
        another_rate("jack");
    }
}

fn another_rate(backend: &str) {
    let mut server = Server::start();
    server.without_conversion();
    let mut player = play(&server, "sine = Osc { pitch: 440Hz }\nsine.sine -[0.5]-> out\n", &["--backend", backend]);
    for (rate, bridged) in [(44_100, Value::from(44_100)), (48_000, Value::Null)] {
        server.kill();
        assert_eq!(device(&mut player)["state"], "lost");
        server.restart_at(rate);
        let back = device(&mut player);
        assert_eq!((&back["state"], &back["rate"], &back["bridged"]), (&"back".into(), &48_000.into(), &bridged));
        let heard = hear(&server, &player);
        let pitch = pitch(&heard, rate);
        println!("{pitch} Hz at {rate}");
        // A period that the machine is late with moves this by less than one in a hundred; another rate by nine.
        assert!((pitch - 440.0).abs() < 4.0, "{pitch} Hz at {rate}");
        let peak = heard.iter().fold(0.0f32, |peak, frame| peak.max(f32::from_bits(frame[0]).abs()));
        assert!((peak - 0.5).abs() < 0.01, "{peak}");
    }
    end(&server, player);
}

#[test]
fn a_disk_that_is_full_ends_the_take_and_not_the_sound() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    save(&server.patch(), TEXT, Save::InPlace);
    // No file may be larger than a megabyte or two, by the shell's blocks.
    let mut command = server.with_env(Command::new("sh"));
    let program = patches(server.dir());
    for (name, value) in program.get_envs() {
        value.map(|value| command.env(name, value));
    }
    command.current_dir(server.dir()).args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"]);
    command.arg(program.get_program());
    let args = ["play", "a.patches", "--json", "--session", "take", "--record", "take.wav"];
    let mut player = Player::start(command.args(args));
    player.wait_for("started");
    let recorder = server.record(&player);
    loop {
        let event = player.wait_for("record");
        if event["state"] == "failed" {
            break;
        }
    }
    save(&server.patch(), &TEXT.replace("A3", "E4"), Save::Rename);
    assert_eq!(player.wait_for("swapped")["save"], 2);
    wait(0.5);
    let heard = recorder.finish();
    let stopped = player.quit();
    assert_eq!(stopped["allocations_in_callback"], 0);
    let output = run(server.dir(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let (take, replay) = ["take.wav", "replay.wav"].map(|name| wav_bits(&server.dir().join(name))).into();
    assert!(take.len() > 96_000 && take[64..] == replay[..take.len() - 64], "whole as far as it goes");
    is_played(&heard, &replay);
}

#[test]
fn a_disk_that_stalls_costs_nothing() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    let player = play(&server, TEXT, &[]);
    let recorder = server.record(&player);
    let Some(stalled) = stall(player.id(), "disk") else { return };
    wait(3.0);
    drop(stalled);
    wait(0.5);
    let heard = recorder.finish();
    let (stopped, replay) = end(&server, player);
    waits_for_nobody(&stopped);
    common::server::compare(&server, &heard, &replay, &stopped);
}

/// No callback has lasted for anything like the three seconds in which a thread stood still.
fn waits_for_nobody(stopped: &Value) {
    assert!(stopped["longest_callback_us"].as_u64().is_some_and(|us| us < 500_000), "{stopped}");
}

#[test]
fn a_control_thread_that_stalls_is_not_heard() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    let mut player = play(&server, TEXT, &[]);
    let recorder = server.record(&player);
    let Some(stalled) = stall(player.id(), "control") else { return };
    save(&server.patch(), &TEXT.replace("A3", "E4"), Save::Rename);
    wait(3.0);
    drop(stalled);
    assert_eq!(player.wait_for("swapped")["save"], 2, "what was saved meanwhile is heard then");
    wait(0.3);
    let heard = recorder.finish();
    let (stopped, replay) = end(&server, player);
    waits_for_nobody(&stopped);
    common::server::compare(&server, &heard, &replay, &stopped);
}

/// One bad text after the other, and back: what is told of each, and that the sound comes back as it was.
fn text_and_back(server: &Server, player: &mut Player, bad: &str, told: Option<&str>) -> Sound {
    save(&server.patch(), &format!("{TEXT}{bad}"), Save::Rename);
    // One that takes too long is held until it is asked for.
    loop {
        match player.next()["event"].as_str() {
            Some("held") => player.type_key('g'),
            Some("swapped") => break,
            _ => {}
        }
    }
    if let Some(told) = told {
        assert_eq!(player.wait_for("quarantined")["module"], told);
    }
    wait(0.5);
    save(&server.patch(), TEXT, Save::Rename);
    player.wait_for("swapped");
    // Fades, and a limiter that lets go.
    wait(1.0);
    hear(server, player)
}

#[test]
fn a_loop_that_runs_away_is_held_and_gone_with_its_text() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    let mut player = play(&server, TEXT, &[]);
    let before = hear(&server, &player);
    let bad = "line = Delay { time: 10ms, mix: 100% }\nnoise.white -> line -[4]-> line\nline -> out\n";
    let recorder = server.record(&player);
    let after = text_and_back(&server, &mut player, bad, None);
    let during = recorder.finish();
    let (_, replay) = end(&server, player);
    let loudest = during.iter().flatten().fold(0.0f32, |peak, x| peak.max(f32::from_bits(*x).abs()));
    assert!(loudest <= 1.0, "nobody's ear is hurt: {loudest}");
    let peak = |sound: &Sound| sound.iter().flatten().fold(0.0f32, |peak, x| peak.max(f32::from_bits(*x).abs()));
    assert!(peak(&after) < peak(&before) * 1.5, "{} after, {} before", peak(&after), peak(&before));
    is_played(&before, &replay);
    is_played(&after, &replay);
}

#[cfg(feature = "faults")]
#[test]
fn modules_that_fail_are_silenced_by_themselves() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    let mut player = play(&server, TEXT, &[]);
    let recorder = server.record(&player);
    let mut all = vec![];
    for kind in ["TestNan", "TestPanic"] {
        let bad = format!("Lfo {{ rate: 3Hz }} -> bad\nbad = {kind}\nbad -[0.1]-> out\n");
        all.push(text_and_back(&server, &mut player, &bad, Some("bad")));
    }
    let whole = recorder.finish();
    let (stopped, replay) = end(&server, player);
    common::server::compare(&server, &whole, &replay, &stopped);
    all.iter().for_each(|heard| is_played(heard, &replay));
}

#[cfg(feature = "faults")]
#[test]
fn a_module_that_takes_too_long_is_told_and_gone_with_its_text() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    let mut player = play(&server, TEXT, &[]);
    // Some milliseconds of every second take ten times as long as there is.
    let bad = "env = Ad { trigger: Every { time: 300ms }, attack: 0ms, decay: 10ms }\nenv -> bad\nbad = TestSlow\nbad -[0.1]-> out\n";
    let heard = text_and_back(&server, &mut player, bad, None);
    let late = player.events.iter().filter(|event| event["event"] == "xrun").count();
    let (stopped, replay) = end(&server, player);
    assert!(late > 0 || stopped["xruns"] != 0, "it is told: {stopped}");
    is_played(&heard, &replay);
}
