//! The clocked host: no device, but the same pace. Block k is due at start + k·frames/rate, absolutely, so that late
//! blocks do not add up.

use super::pull::Pull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Later than this the machine was asleep: time starts over instead of catching up.
const ASLEEP: Duration = Duration::from_millis(500);

/// The thread that stands in for a device.
pub struct Thread {
    leave: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    /// Starts pulling.
    pub fn start(pull: Pull, rate: u32, frames: u32, channels: u16) -> Thread {
        let leave = Arc::new(AtomicBool::new(false));
        let flag = leave.clone();
        let handle = std::thread::Builder::new()
            .name("clock".into())
            .spawn(move || run(pull, rate, frames, usize::from(channels), &flag))
            .ok();
        Thread { leave, handle }
    }

    /// Stops after the block in hand.
    pub fn stop(self) {
        self.leave.store(true, Ordering::Relaxed);
        if let Some(handle) = self.handle {
            // A panic in the engine is caught by the engine; one here would have been printed.
            let _ = handle.join();
        }
    }
}

fn run(mut pull: Pull, rate: u32, frames: u32, channels: usize, leave: &AtomicBool) {
    let mut block = vec![0.0; frames as usize * channels];
    let mut start = Instant::now();
    let mut k = 0u64;
    while !leave.load(Ordering::Relaxed) {
        let due = start + Duration::from_nanos(k * u64::from(frames) * 1_000_000_000 / u64::from(rate));
        let now = Instant::now();
        if let Some(wait) = due.checked_duration_since(now) {
            std::thread::sleep(wait);
        } else if now - due > ASLEEP {
            start = now;
            k = 0;
        }
        pull.fill(&mut block);
        k += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Host, State, Wish};
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

    #[test]
    fn keeps_real_time_over_a_second() {
        let mut host = Host::clock(&Wish::default());
        let start = Instant::now();
        std::thread::sleep(Duration::from_millis(1000));
        let frames = host.shared.frames.load(Ordering::Relaxed) as f64;
        let expected = start.elapsed().as_secs_f64() * 48_000.0;
        // The block in hand, and a machine that is busy: 50 ms.
        assert!((frames - expected).abs() < 2400.0, "{frames} frames, {expected} expected");
        assert_eq!(host.state(), State::Running);
        host.stop();
    }
}
