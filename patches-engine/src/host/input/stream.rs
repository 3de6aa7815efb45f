//! Sound inputs through cpal.

use super::bend::Bend;
use super::{Input, Shared};
use crate::ear::{Ear, Mouth, pair};
use crate::error::Error;
use crate::host::device::{TRIAL, hosts, id_of, name_of, pick, say, widths};
use crate::host::{About, Backend, FRAMES, Listed, RATE, platform};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig};
use std::sync::Arc;
use std::time::Instant;

/// Opens an input.
///
/// # Errors
/// If it is not there, or cannot be opened.
pub fn open(name: Option<&str>, backend: Backend, output: &About, heard: u16) -> Result<(Input, Ear), Error> {
    platform::quiet_sound_libraries();
    let mut why = None;
    let mut there = Vec::new();
    for id in hosts(backend) {
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let device = match name {
            None => host.default_input_device(),
            Some(asked) => {
                let all: Vec<cpal::Device> = host.input_devices().map(Iterator::collect).unwrap_or_default();
                there.extend(all.iter().map(id_of));
                pick(all, asked)
            }
        };
        let Some(device) = device else { continue };
        match start(&device, &id.name().to_lowercase(), output, heard) {
            Ok(opened) => return Ok(opened),
            Err(error) => why = why.or(Some(error)),
        }
    }
    Err(match (why, name) {
        (Some(error), _) => Error::NoInput { why: say(&error) },
        (None, Some(name)) => Error::NoSuchInput { name: name.into(), there },
        (None, None) => Error::NoInput { why: "the sound system shows none".into() },
    })
}

/// Opens a device, at the output's rate where it can, else at its own; of its channels as many as are heard, where it has
/// them.
fn start(device: &cpal::Device, backend: &str, output: &About, heard: u16) -> Result<(Input, Ear), cpal::Error> {
    let likes = device.default_input_config()?;
    let known = device.supported_input_configs().map_or(vec![], |all| all.map(|c| c.channels()).collect());
    let widths = widths(&known, heard, likes.channels());
    let rates = [output.rate, likes.sample_rate()];
    let sizes = [BufferSize::Fixed(output.frames), BufferSize::Default];
    let mut failed = None;
    let ways = rates.iter().flat_map(|rate| sizes.iter().map(|size| (*rate, *size)));
    let ways = widths.iter().flat_map(|channels| ways.clone().map(|(rate, size)| (*channels, rate, size)));
    for (channels, rate, buffer_size) in ways {
        let config = StreamConfig { channels, sample_rate: rate, buffer_size };
        match build(device, config, likes.sample_format(), backend, (output, heard)) {
            Ok(opened) => return Ok(opened),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(|| ErrorKind::DeviceNotAvailable.into()))
}

/// What a callback does with its frames.
struct Pour {
    mouth: Mouth,
    bend: Option<Bend>,
    shared: Arc<Shared>,
    channels: usize,
    /// Room for a frame, of as many channels as are heard.
    frame: Box<[f32]>,
    rate: f64,
    frames: f64,
    started: Option<Instant>,
}

impl Pour {
    fn take<T: Copy>(&mut self, sound: &[T])
    where
        f32: FromSample<T>,
    {
        // One that is faster than any clock is wrong by has none, as of the output.
        let elapsed = self.started.get_or_insert_with(Instant::now).elapsed().as_secs_f64();
        self.frames += (sound.len() / self.channels) as f64;
        if self.frames > self.rate * (1.0 + 1.5 * elapsed) {
            self.shared.lost.get_or_init(|| "it gives sound faster than real time".into());
            return;
        }
        for frame in sound.chunks_exact(self.channels) {
            for (into, x) in self.frame.iter_mut().zip(frame) {
                *into = f32::from_sample_(*x);
            }
            // One alone is on both sides.
            if let ([left, right, ..], 1) = (&mut self.frame[..], self.channels) {
                *right = *left;
            }
            match &mut self.bend {
                Some(bend) => bend.give(&self.frame, &mut self.mouth),
                None => self.mouth.give(&self.frame),
            }
        }
    }
}

fn build(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    backend: &str,
    (output, heard): (&About, u16),
) -> Result<(Input, Ear), cpal::Error> {
    let shared = Arc::new(Shared::default());
    // The size of a callback is known only when the stream is there.
    let lead = match config.buffer_size {
        BufferSize::Fixed(frames) => frames.max(output.frames),
        BufferSize::Default => FRAMES.max(output.frames) * 2,
    } as usize;
    let same_clock = backend == "jack" || name_of(device) == output.device;
    let bent = !same_clock || config.sample_rate != output.rate;
    let (mouth, ear) = pair(heard, lead, shared.slips.clone());
    let rates = (config.sample_rate, output.rate);
    let bend = bent.then(|| Bend::new(rates, usize::from(heard), lead + output.frames as usize)).flatten();
    let pour = Pour {
        mouth,
        bend,
        shared: shared.clone(),
        channels: usize::from(config.channels),
        frame: vec![0.0; usize::from(heard)].into(),
        rate: f64::from(config.sample_rate),
        frames: 0.0,
        started: None,
    };
    let stream = match format {
        SampleFormat::I16 => listen::<i16>(device, config, pour, &shared)?,
        SampleFormat::I32 => listen::<i32>(device, config, pour, &shared)?,
        SampleFormat::U8 => listen::<u8>(device, config, pour, &shared)?,
        SampleFormat::U16 => listen::<u16>(device, config, pour, &shared)?,
        _ => listen::<f32>(device, config, pour, &shared)?,
    };
    stream.play()?;
    Ok((Input { name: name_of(device), bent, channels: config.channels, shared, _stream: stream }, ear))
}

fn listen<T: SizedSample>(
    device: &cpal::Device,
    config: StreamConfig,
    mut pour: Pour,
    shared: &Arc<Shared>,
) -> Result<cpal::Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let shared = shared.clone();
    let wrong = move |error: cpal::Error| match error.kind() {
        // What an xrun costs shows as frames that are missing.
        ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
        _ => drop(shared.lost.get_or_init(|| say(&error))),
    };
    device.build_input_stream(config, move |sound: &[T], _: &cpal::InputCallbackInfo| pour.take(sound), wrong, None)
}

/// The inputs of every host, each tried.
pub fn list() -> Vec<Listed> {
    platform::quiet_sound_libraries();
    let mut listed = Vec::new();
    for host_id in hosts(Backend::Auto) {
        let Ok(host) = cpal::host_from_id(host_id) else { continue };
        let default = host.default_input_device().map(|device| id_of(&device));
        for device in host.input_devices().into_iter().flatten() {
            let backend = host_id.name().to_lowercase();
            let (id, name) = (id_of(&device), name_of(&device));
            let likes = device.default_input_config().ok();
            let why_not = tried(&device, &backend).err();
            listed.push(Listed {
                default: default.as_ref() == Some(&id),
                backend,
                id,
                name,
                rate: likes.as_ref().filter(|_| why_not.is_none()).map(|likes| likes.sample_rate()),
                channels: likes.as_ref().filter(|_| why_not.is_none()).map(|likes| likes.channels()),
                why_not,
            });
        }
    }
    listed
}

/// Opens an input for a moment; why it cannot be used, if it cannot.
fn tried(device: &cpal::Device, backend: &str) -> Result<(), String> {
    let (backend, device_name) = (backend.to_string(), String::new());
    let output =
        About { backend: backend.clone(), device: device_name, rate: RATE, bridged: None, frames: FRAMES, channels: 2 };
    let (input, _ear) = start(device, &backend, &output, 2).map_err(|error| say(&error))?;
    std::thread::sleep(TRIAL);
    input.lost().map_or(Ok(()), Err)
}
