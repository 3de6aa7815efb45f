//! The terminal UI in a real terminal: what it shows, its keys, its sizes, and that the terminal is given back.

mod common;

use common::{PATIENCE, Save, have, save};
use std::process::Command;
use std::time::{Duration, Instant};

/// A terminal of its own, with the player in it.
struct Terminal {
    dir: tempfile::TempDir,
}

const PATCH: &str = "tempo 100\nosc = Osc { pitch: A3 }\nosc.sine -> Vca { gain: 0.5 } -> out\n";

impl Terminal {
    fn start(env: &str) -> Terminal {
        let terminal = Terminal { dir: tempfile::tempdir().expect("a folder") };
        save(&terminal.dir.path().join("a.patches"), PATCH, Save::InPlace);
        let player = format!(
            "cd '{dir}'; echo BEFORE; {env} XDG_STATE_HOME='{dir}/state' XDG_CONFIG_HOME='{dir}/config' '{bin}' a.patches --backend clock; echo ENDED $?; cat",
            dir = terminal.dir.path().display(),
            bin = env!("CARGO_BIN_EXE_patches"),
        );
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "-s", "t", &player]);
        terminal
    }

    fn tmux(&self, args: &[&str]) -> String {
        let socket = self.dir.path().join("tmux");
        let output = Command::new("tmux").arg("-S").arg(socket).args(args).output().expect("tmux runs");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen is as it should be.
    fn shows(&self, what: &str, right: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.tmux(&["capture-pane", "-t", "t", "-p"]);
            if right(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "{what} is not shown:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn keys(&self, keys: &str) {
        self.tmux(&["send-keys", "-t", "t", keys]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let socket = self.dir.path().join("tmux");
        // It may have ended by itself.
        let _ = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}

#[test]
fn it_shows_the_patch_its_faults_and_its_views_at_every_size() {
    if !have(&["tmux"]) {
        return;
    }
    let terminal = Terminal::start("LC_ALL=C.UTF-8");
    let file = terminal.dir.path().join("a.patches");
    terminal.shows("the patch", |s| s.contains("save 1 plays") && s.contains("tempo 100.0") && s.contains("-6.0 dB"));
    save(&file, &PATCH.replace("0.5", "0.25"), Save::Rename);
    terminal.shows("the edit", |s| s.contains("save 2 plays") && s.contains("0.5 → 0.25"));
    save(&file, &PATCH.replace("Vca", "Vcaa"), Save::InPlace);
    let fault = |s: &str| {
        s.contains("no module type `Vcaa`") && s.contains("a.patches:3:13") && s.contains("save 3 has faults")
    };
    terminal.shows("the fault", fault);
    for (width, height) in [("60", "16"), ("200", "60"), ("80", "24")] {
        terminal.tmux(&["resize-window", "-t", "t", "-x", width, "-y", height]);
        for (key, view) in [
            ("2", "scope"),
            ("3", "spectrum"),
            ("4", "patch"),
            ("6", "text as it plays"),
            ("1", "master"),
            ("?", "help"),
            ("?", "master"),
        ] {
            terminal.keys(key);
            terminal.shows(view, |s| s.contains(&format!(" {view}")) && s.contains("? help"));
            terminal.shows("the fault", fault);
        }
    }
    save(&file, PATCH, Save::Rename);
    terminal.tmux(&["resize-window", "-t", "t", "-x", "100", "-y", "30"]);
    terminal.shows("the mended patch", |s| s.contains("save 4 plays") && !s.contains("Vcaa`"));
    // A module is chosen and watched: it gets a meter of its own, and the scope can show it.
    terminal.keys("4");
    terminal.shows("the modules", |s| s.contains(" patch: 3 modules") && !s.contains("scope: "));
    terminal.keys("Down");
    terminal.keys("w");
    terminal.shows("the mark", |s| s.contains("◉ osc "));
    terminal.keys("1");
    terminal.shows("the meter", |s| s.lines().any(|line| line.starts_with("osc.sine ")));
    terminal.keys("2");
    terminal.shows("the scope", |s| s.contains("scope: master"));
    terminal.keys("Right");
    terminal.shows("its wave", |s| s.contains("scope: osc.sine"));
    terminal.keys("b");
    terminal.shows("the grid", |s| s.contains("saves are heard on the next beat") && s.contains("beat, 15 ms"));
    terminal.keys("/");
    terminal.keys("vc");
    terminal.shows("the filter", |s| s.contains("1 with `vc_`"));
    terminal.keys("Escape");
    // Both at once would be another key.
    terminal.shows("all modules", |s| !s.contains("with `"));
    terminal.keys("q");
    terminal.shows("the end", |s| s.contains("BEFORE") && s.contains("ENDED 0") && !s.contains("master"));
}

#[test]
fn the_terminal_is_given_back_after_a_signal() {
    if !have(&["tmux"]) {
        return;
    }
    let terminal = Terminal::start("LC_ALL=C NO_COLOR=1");
    let screen = terminal.shows("the patch", |s| s.contains("save 1 plays"));
    assert!(screen.is_ascii(), "{screen}");
    let shell = terminal.tmux(&["display-message", "-t", "t", "-p", "#{pane_pid}"]);
    let player = Command::new("pgrep").args(["-P", shell.trim()]).output().expect("pgrep runs").stdout;
    let player = String::from_utf8_lossy(&player).trim().parse().expect("one child");
    common::signal_to(player, "TERM");
    terminal.shows("the end", |s| s.contains("BEFORE") && s.contains("ENDED 0") && !s.contains("master"));
    terminal.keys("echoed");
    terminal.shows("what is typed", |s| s.contains("echoed"));
}
