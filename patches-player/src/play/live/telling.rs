//! What the control thread tells besides what happens: levels, the state of things once a second, and how it went.

use super::Live;
use super::sequences;
use crate::event::{Event, Status, Stopped, decibels, round};
use crate::play::sink::{Look, Seen};
use patches_engine::{channels, trap};

impl Live {
    /// Whether our callback was long, or we were called late.
    pub(super) fn why_late(&self) -> String {
        let about = self.keeper.about();
        let period = about.period_us();
        let longest = f64::from(self.recent.1);
        let took = format!("{:.1} of {:.1} ms", longest / 1000.0, period / 1000.0);
        match longest > 0.8 * period {
            true => format!("the patch took {took}"),
            false => format!("called late, the patch took {took}; the system was busy with something else"),
        }
    }

    /// Looks at levels and loads.
    pub(super) fn look(&mut self) {
        let before = self.at;
        self.at = self.control.clock();
        self.meters = self.control.meters();
        if self.meters.limiter_db < 0.0 {
            self.limited += self.at - before;
        }
        self.gathered.peak.resize(self.meters.peak.len(), 0.0);
        for (gathered, peak) in self.gathered.peak.iter_mut().zip(&self.meters.peak) {
            *gathered = gathered.max(*peak);
        }
        self.gathered.load_max = self.gathered.load_max.max(self.meters.load_max);
        self.gathered.limiter_db = self.gathered.limiter_db.min(self.meters.limiter_db);
        self.frames.clear();
        self.control.drain(&mut self.frames);
        let (at, meters, frames, xruns) = (self.at, &self.meters, &self.frames, self.xruns);
        let waiting = self.control.waiting();
        self.seen_by.clear();
        let seen = &mut self.seen_by;
        self.control.watched(|probe, frames| {
            let (label, module) = (probe.label.clone(), probe.from.module.clone());
            if sequences::is_head(probe) {
                if let Some(step) = frames.last() {
                    self.heads.insert((module, usize::from(probe.from.channel)), step);
                }
                return;
            }
            seen.push(Seen { label, module, frames: frames.collect() });
        });
        self.sink.look(&Look {
            at,
            meters,
            frames,
            probes: &self.seen_by,
            about: self.keeper.about(),
            xruns,
            born: &self.born,
            waiting,
            heads: &self.heads,
        });
    }

    /// Says once of a patch that it sends something to channels that are not there.
    pub(super) fn tell_lacking(&mut self) {
        let (there, heard) = (self.keeper.about().channels.max(2), channels::sent(&self.graph));
        if heard > there && heard != self.lacking {
            self.say(format!(
                "the device was opened with {there} channels, and the patch sends to {heard}: what goes to `out.in[{there}]` and \
                 beyond is silent. Channels are settled at the start: start again, or with `--channels {heard}`"
            ));
        }
        self.lacking = heard;
    }

    /// The state of things, once a second.
    pub(super) fn status(&mut self) {
        if self.started
            && let Some(log) = &mut self.log
        {
            let written = log.alive(self.control.reached());
            self.logged(written);
        }
        for event in self.silenced.gathered() {
            self.sink.event(&event);
        }
        let gathered = std::mem::take(&mut self.gathered);
        let meters = &self.meters;
        self.sink.event(&Event::Status(Status {
            at: self.at,
            bar: meters.bar,
            beat: meters.beat,
            tempo: meters.tempo,
            load: round(f64::from(meters.load), 4),
            load_max: round(f64::from(gathered.load_max), 4),
            xruns: self.xruns,
            peak_db: decibels(gathered.peak.iter().copied().fold(0.0, f32::max)),
            peaks_db: if gathered.peak.len() > 2 { gathered.peak.into_iter().map(decibels).collect() } else { vec![] },
            limiter_db: round(f64::from(gathered.limiter_db), 1),
        }));
    }

    /// Stops the sound, and ends the log where it ended.
    pub(super) fn stop(mut self) -> Stopped {
        let (frames, rate) = (self.keeper.about().frames, self.keeper.about().rate);
        let engine = self.keeper.stop();
        self.notices();
        let at = engine.map_or(self.at, |engine| engine.clock());
        self.silenced.gathered().iter().for_each(|event| self.sink.event(event));
        for event in self.outside.takes.finish().into_iter().chain(self.outside.ears.finish()) {
            self.sink.event(&event);
        }
        let meters = self.control.meters();
        let session = self.log.take().map(|log| {
            let dir = log.dir().canonicalize().unwrap_or_else(|_| log.dir().to_path_buf());
            let ended = log.end(at);
            self.logged(ended);
            dir.display().to_string()
        });
        let stopped = Stopped {
            at,
            swaps: self.swaps,
            xruns: self.keeper.xruns(),
            longest_callback_us: meters.longest_callback_us,
            p999_callback_us: meters.p999_callback_us,
            frames,
            rate,
            longest_swap_us: meters.longest_swap_us,
            allocations_in_callback: trap::count(),
            input_slips: self.outside.ears.slips(),
            limited_percent: round(100.0 * self.limited as f64 / at.max(1) as f64, 2),
            session,
        };
        self.sink.event(&Event::Stopped(stopped.clone()));
        stopped
    }
}
