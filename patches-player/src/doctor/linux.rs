//! What is special to Linux: who may play, in which order the processor takes its work, and how sound gets out.

use super::Finding;
use super::proc::{in_group, is_root, limit, listed};
use patches_engine::host::platform;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the limits of the audio group are kept.
const LIMITS: &str = "/etc/security/limits.d/95-patches.conf";
const AGAIN: &str = "then log out and in again";

/// All that is to be said.
pub fn findings() -> Vec<Finding> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let me = Me {
        status: text("/proc/self/status"),
        groups: text("/etc/group"),
        limits: text("/proc/self/limits"),
        user: std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default(),
    };
    let servers = servers();
    let mut findings = vec![card(&text("/proc/asound/cards")), server(&servers)];
    findings.extend(bridges(&servers));
    // In a thread of its own, because it keeps the priority it gets.
    let realtime = std::thread::spawn(platform::make_realtime).join().unwrap_or(false);
    findings.extend([group(&me), priority(&me, realtime), memory(&me), governor(&governors()), midi()]);
    findings
}

/// Who runs this.
struct Me {
    status: String,
    groups: String,
    limits: String,
    user: String,
}

impl Me {
    fn root(&self) -> bool {
        is_root(&self.status)
    }
}

fn card(cards: &str) -> Finding {
    let names: Vec<&str> = cards.lines().filter_map(|line| line.split_once("]: ")).map(|(_, name)| name).collect();
    match names.is_empty() {
        true => Finding::note("sound card", "the kernel knows none"),
        false => Finding::ok("sound card", names.join("; ")),
    }
}

/// The sound servers that run.
fn servers() -> BTreeSet<&'static str> {
    let name = |folder: PathBuf| fs::read_to_string(folder.join("comm")).ok();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let running = processes.filter_map(|entry| name(entry.path()));
    running
        .filter_map(|name| match name.trim() {
            "jackd" | "jackdbus" => Some("JACK"),
            "pipewire" => Some("PipeWire"),
            "pulseaudio" => Some("PulseAudio"),
            _ => None,
        })
        .collect()
}

fn server(servers: &BTreeSet<&str>) -> Finding {
    let names: Vec<&str> = servers.iter().copied().collect();
    match names.is_empty() {
        true => Finding::note("sound server", "none runs: ALSA has the card to itself, one program at a time"),
        false => Finding::ok("sound server", names.join(", ")),
    }
}

/// Of each server the plugin by which ALSA reaches it.
fn bridges(servers: &BTreeSet<&'static str>) -> Vec<Finding> {
    let bridge = |server: &&str| {
        let (about, plugin, packages) = match *server {
            "JACK" => ("ALSA to JACK", "jack", ["libasound2-plugins", "alsa-plugins-jack", "alsa-plugins"]),
            "PipeWire" => ("ALSA to PipeWire", "pipewire", ["pipewire-alsa"; 3]),
            _ => ("ALSA to PulseAudio", "pulse", ["libasound2-plugins", "alsa-plugins-pulseaudio", "alsa-plugins"]),
        };
        let file = format!("libasound_module_pcm_{plugin}.so");
        match plugins().into_iter().map(|folder| folder.join(&file)).find(|path| path.is_file()) {
            Some(path) => Finding::ok(about, path.display().to_string()),
            None if *server == "JACK" && cfg!(feature = "jack") => Finding::ok(about, "not needed: JACK is built in"),
            None => Finding::mend(about, format!("the plugin {file} is missing"), install(packages)),
        }
    };
    servers.iter().map(bridge).collect()
}

/// Folders of ALSA's plugins.
fn plugins() -> Vec<PathBuf> {
    let own = |folder: &str| PathBuf::from(folder).join("alsa-lib");
    let all = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    all.map(|entry| entry.path().join("alsa-lib")).chain([own("/usr/lib"), own("/usr/lib64")]).collect()
}

/// The line that installs a package, with its names for apt, dnf and pacman.
fn install([apt, dnf, pacman]: [&str; 3]) -> String {
    let found = |tool: &str| ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(tool).exists());
    if found("apt-get") || !(found("dnf") || found("pacman")) {
        format!("sudo apt-get install -y {apt}")
    } else if found("dnf") {
        format!("sudo dnf install -y {dnf}")
    } else {
        format!("sudo pacman -S --needed {pacman}")
    }
}

fn group(me: &Me) -> Finding {
    const ABOUT: &str = "audio group";
    if me.root() {
        return Finding::ok(ABOUT, "not needed: root");
    }
    if in_group(&me.status, &me.groups, "audio") {
        return Finding::ok(ABOUT, "this is a member");
    }
    let command = format!("sudo usermod -aG audio {}", if me.user.is_empty() { "$USER" } else { &me.user });
    if listed(&me.groups, "audio", &me.user) {
        let found = "joined since the last login";
        return Finding::mend(ABOUT, found, "exec su -l $USER").then("or log out and in again");
    }
    Finding::mend(ABOUT, "this is no member: cards and real-time priority may be closed to it", command).then(AGAIN)
}

/// The line that writes a limit for the audio group.
fn allow(what: &str) -> String {
    format!("echo '@audio - {what}' | sudo tee -a {LIMITS}")
}

fn priority(me: &Me, realtime: bool) -> Finding {
    const ABOUT: &str = "real-time priority";
    if realtime {
        return Finding::ok(ABOUT, "given");
    }
    let allowed = match limit(&me.limits, "Max realtime priority") {
        Some(Some(highest)) => format!("not given (limit {highest})"),
        _ => "not given".into(),
    };
    let found = format!("{allowed}: sound may stop for moments when the machine is busy");
    Finding::mend(ABOUT, found, allow("rtprio 95")).then(AGAIN)
}

fn memory(me: &Me) -> Finding {
    const ABOUT: &str = "locked memory";
    match limit(&me.limits, "Max locked memory") {
        _ if me.root() => Finding::ok(ABOUT, "not limited: root"),
        None => Finding::note(ABOUT, "its limit is not known"),
        Some(None) => Finding::ok(ABOUT, "not limited"),
        Some(Some(bytes)) if bytes >= platform::LOCKED => Finding::ok(ABOUT, format!("up to {} MiB", bytes >> 20)),
        Some(Some(bytes)) => {
            let found = format!("up to {} MiB: the system may move sound out of memory", bytes >> 20);
            Finding::mend(ABOUT, found, allow("memlock unlimited")).then(AGAIN)
        }
    }
}

/// How each processor chooses its speed.
fn governors() -> Vec<String> {
    let all = fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten();
    let of = |folder: PathBuf| fs::read_to_string(folder.join("cpufreq/scaling_governor")).ok();
    all.filter_map(|entry| of(entry.path())).map(|name| name.trim().to_string()).collect()
}

fn governor(governors: &[String]) -> Finding {
    const ABOUT: &str = "processor speed";
    let slow: BTreeSet<&str> = governors.iter().map(String::as_str).filter(|name| *name != "performance").collect();
    match (governors.is_empty(), slow.is_empty()) {
        (true, _) => Finding::ok(ABOUT, "not changed by the system"),
        (false, true) => Finding::ok(ABOUT, "performance"),
        (false, false) => {
            let names: Vec<&str> = slow.into_iter().collect();
            let found = format!("{}: it slows down when there is little to do", names.join(", "));
            let command = "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor";
            Finding::mend(ABOUT, found, command).then("until the next start of the machine")
        }
    }
}

fn midi() -> Finding {
    const ABOUT: &str = "MIDI";
    let device = Path::new("/dev/snd/seq");
    if !device.exists() {
        let has_modules = fs::read_to_string("/proc/sys/kernel/osrelease")
            .is_ok_and(|release| Path::new("/lib/modules").join(release.trim()).is_dir());
        return match has_modules {
            true => Finding::mend(ABOUT, "the kernel's sequencer is not there", "sudo modprobe snd-seq"),
            false => Finding::note(ABOUT, "this kernel has no sequencer"),
        };
    }
    match fs::File::options().read(true).write(true).open(device) {
        Ok(_) => Finding::ok(ABOUT, device.display().to_string()),
        Err(error) => {
            let found = format!("{} cannot be opened: {error}", device.display());
            Finding::mend(ABOUT, found, "sudo usermod -aG audio $USER").then(AGAIN)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn me(groups: &str, limits: &str) -> Me {
        let status = "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\nGroups:\t29 1000\n".into();
        Me { status, groups: groups.into(), limits: limits.into(), user: "ada".into() }
    }

    #[test]
    fn each_thing_that_is_wrong_has_the_command_that_mends_it() {
        let low = "Max locked memory  8388608 8388608 bytes\nMax realtime priority  0 0\n";
        let command = |finding: Finding| {
            assert_eq!(finding.state, State::Mend, "{finding:?}");
            finding.commands[0].clone()
        };
        assert_eq!(command(group(&me("audio:x:30:\n", low))), "sudo usermod -aG audio ada");
        assert!(command(group(&me("audio:x:30:ada\n", low))).starts_with("exec su"));
        assert!(command(priority(&me("", low), false)).contains("@audio - rtprio 95"));
        assert!(command(memory(&me("", low))).contains("memlock unlimited"));
        assert!(command(governor(&["performance".into(), "powersave".into()])).contains("scaling_governor"));
        assert!(install(["one", "two", "three"]).starts_with("sudo "));
    }

    #[test]
    fn what_is_right_is_left_alone() {
        let high = "Max locked memory  unlimited unlimited bytes\nMax realtime priority  95 95\n";
        let right = me("audio:x:29:\n", high);
        let found =
            [group(&right), priority(&right, true), memory(&right), governor(&["performance".into()]), governor(&[])];
        assert!(found.iter().all(|finding| finding.state == State::Ok), "{found:?}");
        let cards =
            " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xf7f10000\n";
        assert_eq!(card(cards).found, "HDA-Intel - HDA Intel PCH");
        assert_eq!(card("--- no soundcards ---\n").state, State::Note);
        assert_eq!(server(&BTreeSet::new()).state, State::Note);
        assert_eq!(server(&BTreeSet::from(["JACK", "PipeWire"])).found, "JACK, PipeWire");
    }
}
