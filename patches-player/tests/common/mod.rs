//! What the end-to-end tests share: the shipped binary as a child, and its events.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod server;
#[cfg(target_os = "linux")]
pub mod stall;

use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The longest that anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The shipped binary, away from the person's own sessions and configuration.
pub fn patches(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patches"));
    command.current_dir(dir).env("XDG_STATE_HOME", dir.join("state")).env("XDG_CONFIG_HOME", dir.join("config"));
    command.env("NO_COLOR", "1");
    command
}

/// Runs it to its end.
pub fn run<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Output {
    patches(dir).args(args).stdin(Stdio::null()).output().expect("the binary runs")
}

/// The exit code, standard output and standard error.
pub fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A playing player that tells its events.
pub struct Player {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// All events so far.
    pub events: Vec<Value>,
}

impl Player {
    /// Starts `command`, which is to be `patches play … --json`.
    pub fn start(command: &mut Command) -> Player {
        Player::start_with(command, Stdio::inherit())
    }

    /// The same, with its standard error elsewhere.
    pub fn start_with(command: &mut Command, stderr: Stdio) -> Player {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().expect("the binary runs");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Player { child, stdin, lines, events: vec![] }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next event that is no status.
    pub fn next(&mut self) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no event after {:#?}", self.events));
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line}"));
            self.events.push(event.clone());
            // Ports may be found at any time, or none be there.
            if !["status", "xrun", "midi"].iter().any(|name| event["event"] == *name) {
                return event;
            }
        }
    }

    /// Waits for an event of this name, past others.
    pub fn wait_for(&mut self, name: &str) -> Value {
        loop {
            let event = self.next();
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Waits for an event of this name and state, past others; also for those that `next` passes over.
    pub fn wait_for_state(&mut self, name: &str, state: &str) {
        let end = Instant::now() + PATIENCE;
        let is = |event: &Value| event["event"] == name && event["state"] == state;
        while !self.events.iter().any(is) {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no event after {:#?}", self.events));
            self.events.push(serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line}")));
        }
    }

    /// Ends its input, waits for its end, and gives the `stopped` event.
    pub fn quit(mut self) -> Value {
        drop(self.stdin.take());
        let stopped = self.wait_for("stopped");
        assert!(self.wait().success());
        stopped
    }

    /// Types `q`.
    pub fn type_q(&mut self) {
        self.type_key('q');
    }

    /// Types a key and Enter.
    pub fn type_key(&mut self, key: char) {
        self.type_line(&key.to_string());
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its input is open");
        stdin.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdin.flush()).expect("it reads");
    }

    /// Sends a signal: `INT`, `TERM`.
    pub fn signal(&self, signal: &str) {
        signal_to(self.child.id(), signal);
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end");
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // After a failed test it may still run.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that this test has started.
pub fn signal_to(process: u32, signal: &str) {
    // Of the shell: a bare system has no program of that name.
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &process.to_string()]).status();
    let sent = sent.expect("a shell runs");
    assert!(sent.success());
}

/// How a text is saved.
#[derive(Clone, Copy, Debug)]
pub enum Save {
    /// Into the file that is there.
    InPlace,
    /// As a new file that is renamed over the old one.
    Rename,
    /// Into the file that is there, in two parts some milliseconds apart.
    Halves,
}

/// Saves a text as an editor does.
pub fn save(path: &Path, text: &str, how: Save) {
    match how {
        Save::InPlace => std::fs::write(path, text).expect("written"),
        Save::Rename => {
            let other = path.with_extension("new");
            std::fs::write(&other, text).expect("written");
            std::fs::rename(&other, path).expect("renamed");
        }
        Save::Halves => {
            let (one, two) = text.split_at(text.len() / 2);
            let mut file = std::fs::File::create(path).expect("opened");
            file.write_all(one.as_bytes()).expect("written");
            std::thread::sleep(Duration::from_millis(15));
            file.write_all(two.as_bytes()).expect("written");
        }
    }
}

/// The bits of a 32-bit float WAV, frame by frame.
pub fn all_frames(path: &Path) -> Vec<Vec<u32>> {
    let mut reader = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let channels = usize::from(reader.spec().channels);
    let samples: Vec<u32> = reader.samples::<f32>().map(|s| s.expect("a sample").to_bits()).collect();
    samples.chunks_exact(channels).map(<[u32]>::to_vec).collect()
}

/// The same of one that has so many channels.
pub fn frames_of(path: &Path, channels: u16) -> Vec<Vec<u32>> {
    let frames = all_frames(path);
    assert!(frames.iter().all(|frame| frame.len() == usize::from(channels)), "{}", path.display());
    frames
}

/// The first two channels of a 32-bit float WAV that may have more.
pub fn sides(path: &Path) -> Vec<[f32; 2]> {
    all_frames(path).iter().map(|frame| [0, 1].map(|side: usize| f32::from_bits(frame[side]))).collect()
}

/// The bits of a stereo 32-bit float WAV.
pub fn wav_bits(path: &Path) -> Vec<[u32; 2]> {
    let mut reader = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(reader.spec().channels, 2);
    let samples: Vec<u32> = reader.samples::<f32>().map(|s| s.expect("a sample").to_bits()).collect();
    samples.as_chunks().0.to_vec()
}

/// The same as numbers.
pub fn wav(path: &Path) -> Vec<[f32; 2]> {
    wav_bits(path).into_iter().map(|frame| frame.map(f32::from_bits)).collect()
}

/// Largest and root-mean-square sample.
pub fn level(frames: &[[f32; 2]]) -> (f32, f64) {
    let all = || frames.iter().flatten();
    let power: f64 = all().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>() / (frames.len().max(1) * 2) as f64;
    (all().fold(0.0, |peak, v| v.abs().max(peak)), power.sqrt())
}

/// The examples: the patches of the folder and of its folders. What those include lies deeper.
pub fn examples() -> Vec<PathBuf> {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let (folders, mut all): (Vec<PathBuf>, Vec<PathBuf>) = inside(&folder).into_iter().partition(|path| path.is_dir());
    all.extend(folders.iter().flat_map(|folder| inside(folder)));
    all.retain(|path| path.extension().is_some_and(|ending| ending == "patches"));
    all.sort();
    assert!(all.len() >= 16, "fifteen and a set: {all:?}");
    all
}

/// Whether what a test needs is here. If not, the test says so and is done; in CI that is a failure.
pub fn have(needs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |tool: &str| {
        if tool.starts_with("lib") {
            plugin(tool).is_some()
        } else {
            std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
        }
    };
    let missing: Vec<&str> = needs.iter().copied().filter(|tool| !found(tool)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI lacks {}", missing.join(", "));
    eprintln!("SKIPPED: this machine lacks {}", missing.join(", "));
    false
}

/// A plugin of ALSA.
fn plugin(name: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path().join("alsa-lib"));
    folders.chain([PathBuf::from("/usr/lib/alsa-lib")]).map(|folder| folder.join(name)).find(|path| path.is_file())
}
