//! A real sound server without a sound card, and what it hears.

use super::{PATIENCE, Player, patches, signal_to, wav_bits};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What has to be on the machine for it.
pub const NEEDS: [&str; 5] = ["jackd", "jack_wait", "jack_lsp", "jack_capture", "libasound_module_pcm_jack.so"];

/// ALSA's way to it.
const ALSA: &str = "{ type jack\n playback_ports { 0 system:playback_1 1 system:playback_2 }\n \
                    capture_ports { 0 system:capture_1 1 system:capture_2 } }";

/// A sound server with a clock and no sound card, and an ALSA configuration that leads to it.
pub struct Server {
    child: Child,
    dir: tempfile::TempDir,
    name: String,
    rate: u32,
    /// Further options of the server.
    more: &'static [&'static str],
    // Two servers of one person share the names of their clients' sockets, so only one test at a time has one.
    _turn: File,
}

impl Server {
    pub fn start() -> Server {
        Server::start_with(&[])
    }

    pub fn start_with(more: &'static [&'static str]) -> Server {
        let turn = File::create(std::env::temp_dir().join("patches-jack-turn")).expect("a lock file");
        turn.lock().expect("a turn");
        let dir = tempfile::tempdir().expect("a folder");
        let asoundrc = format!("pcm.jackout {ALSA}\npcm.!default {{ type plug slave.pcm \"jackout\" }}\n");
        std::fs::write(dir.path().join(".asoundrc"), asoundrc).expect("written");
        // Always the same name: a new server takes the place in JACK's table that a killed one of its name has left.
        let name = "patches-test".to_string();
        let rate = 48_000;
        let child = Server::spawn(&name, dir.path(), more, rate);
        let server = Server { child, dir, name, rate, more, _turn: turn };
        server.wait();
        server
    }

    fn spawn(name: &str, dir: &Path, more: &[&str], rate: u32) -> Child {
        let log = File::options().create(true).append(true).open(dir.join("jackd.log")).expect("a log");
        Command::new("jackd")
            .args(if may_be_realtime() { ["-R", "-P70"] } else { ["-r", "-t2000"] })
            .args(more)
            .args(["-n", name, "-d", "dummy", "-r", &rate.to_string(), "-p", "256", "-C", "2", "-P", "2"])
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("jackd starts")
    }

    pub fn wait(&self) {
        let up = self.tool("timeout").args(["20", "jack_wait", "-w"]).stdout(Stdio::null()).status();
        assert!(up.expect("jack_wait runs").success(), "jackd does not come up");
    }

    /// Stops the server as when a device is pulled out.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    pub fn restart(&mut self) {
        self.child = Server::spawn(&self.name, self.dir.path(), self.more, self.rate);
        self.wait();
    }

    /// Starts it again at another rate.
    pub fn restart_at(&mut self, rate: u32) {
        self.rate = rate;
        self.restart();
    }

    /// From now on ALSA leads to it at its own rate only.
    pub fn without_conversion(&self) {
        std::fs::write(self.dir.path().join(".asoundrc"), format!("pcm.!default {ALSA}\n")).expect("written");
    }

    /// Lets it stand still.
    pub fn freeze(&self) {
        signal_to(self.child.id(), "STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal_to(self.child.id(), "CONT");
    }

    /// Its folder, in which it and everything around it runs.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn with_env(&self, mut command: Command) -> Command {
        command.env("JACK_NO_START_SERVER", "1").env("JACK_DEFAULT_SERVER", &self.name).env("HOME", self.dir.path());
        command.env_remove("ALSA_CONFIG_PATH");
        command
    }

    pub fn tool(&self, name: &str) -> Command {
        let mut command = self.with_env(Command::new(name));
        command.current_dir(self.dir.path());
        command
    }

    /// Times the server was late, by its own log.
    pub fn xruns(&self) -> usize {
        let log = std::fs::read_to_string(self.dir.path().join("jackd.log")).unwrap_or_default();
        log.matches("XRun").count()
    }

    pub fn play(&self, more: &[&str]) -> Player {
        let mut command = self.with_env(patches(self.dir.path()));
        let stderr = File::create(self.dir.path().join("stderr")).expect("a file");
        Player::start_with(command.args(["play", "a.patches", "--json", "--session", "take"]).args(more), stderr.into())
    }

    pub fn patch(&self) -> PathBuf {
        self.dir.path().join("a.patches")
    }

    /// The two ports by which a player plays or, as `C`, hears. ALSA's plugin names its client after the program, cpal's JACK
    /// host after itself.
    pub fn ports(&self, player: u32, way: char) -> Vec<String> {
        self.all_ports(player, way, 2)
    }

    /// All so many of them.
    pub fn all_ports(&self, player: u32, way: char, count: usize) -> Vec<String> {
        let side = if way == 'P' { "out" } else { "in" };
        let names = [format!("patches.{way}.{player}."), format!("cpal_client_{player}_{side}:")];
        wait_for(|| {
            let out = self.tool("jack_lsp").output().expect("jack_lsp runs").stdout;
            let text = String::from_utf8_lossy(&out).into_owned();
            let ours = |port: &&str| names.iter().any(|name| port.starts_with(name));
            let ports: Vec<String> = text.lines().filter(ours).map(Into::into).collect();
            (ports.len() == count).then_some(ports)
        })
    }

    /// Records what a player plays.
    pub fn record(&self, player: &Player) -> Recorder {
        self.record_all(player, 2)
    }

    /// All so many channels that it plays.
    pub fn record_all(&self, player: &Player, channels: usize) -> Recorder {
        let ports = self.all_ports(player.id(), 'P', channels);
        let names = (1..).map(|n| self.dir.path().join(format!("heard-{n}.wav")));
        let file = names.into_iter().find(|file| !file.exists()).expect("one of all numbers is free");
        let mut command = self.tool("jack_capture");
        command.args(["--channels", &channels.to_string(), "--no-stdin", "--disable-meter", "-f", "wav", "-d", "600"]);
        for port in &ports {
            command.args(["--port", port]);
        }
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("jack_capture runs");
        wait_for(|| std::fs::metadata(&file).is_ok_and(|meta| meta.len() > 100_000).then_some(()));
        Recorder { child, file }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.thaw();
        // Asked to end, a server gives its place in JACK's table of eight back; one that is killed keeps it.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this person may have real-time priority without further ado.
fn may_be_realtime() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

pub struct Recorder {
    child: Child,
    file: PathBuf,
}

impl Recorder {
    pub fn finish(self) -> Vec<[u32; 2]> {
        wav_bits(&self.end())
    }

    /// Ends it. The file that holds what was heard.
    pub fn end(mut self) -> PathBuf {
        signal_to(self.child.id(), "INT");
        wait_for(|| self.child.try_wait().expect("a child"));
        self.file.clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(value) = ready() {
            return value;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it does not come to be");
}

/// Where a recording stands in a replay: the stretches `(recorded from, replayed from, frames)` that are the same.
pub fn stretches(heard: &[[u32; 2]], replay: &[[u32; 2]]) -> Vec<(usize, usize, usize)> {
    let mut places: HashMap<[[u32; 2]; 2], usize> = HashMap::new();
    for (i, pair) in replay.array_windows().enumerate() {
        places.entry(*pair).or_insert(i);
    }
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    let mut i = 0;
    while i + 1 < heard.len() {
        let Some(&place) = places.get(&[heard[i], heard[i + 1]]).filter(|_| heard[i] != [0, 0]) else {
            i += 1;
            continue;
        };
        let same = heard[i..].iter().zip(&replay[place..]).take_while(|(a, b)| a == b).count();
        found.push((i, place, same));
        i += same;
    }
    found
}

/// Everything that was heard is in the replay, in order, with no more cuts than something was late.
pub fn compare(server: &Server, heard: &[[u32; 2]], replay: &[[u32; 2]], stopped: &Value) {
    let found = stretches(heard, replay);
    let same: usize = found.iter().map(|(_, _, frames)| frames).sum();
    let late = server.xruns() + stopped["xruns"].as_u64().expect("a count") as usize;
    println!("{} frames heard, {same} the same as replayed, {} stretches, {late} xruns", heard.len(), found.len());
    // A recorder that starts in the middle of a period has some of silence first; each xrun may cost some periods.
    let lost = 1024 + late * 4096;
    assert!(same + lost >= heard.len(), "{found:?}");
    assert!(heard.len() > 96_000, "{} frames heard", heard.len());
    assert!(found.len() <= 1 + 2 * late, "{found:?} with {late} xruns");
    // After an xrun ALSA may play a period once more.
    assert!(found.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{found:?}");
}
