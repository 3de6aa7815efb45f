//! Sound devices through cpal. Whether there is a device is known only from a stream that was built and asked for
//! sound: on a machine without one the default device has a name all the same.

use super::pull::{self, Pull};
use super::{About, Backend, FRAMES, Host, Listed, Wish, platform};
use crate::error::Error;
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, SampleFormat, StreamConfig};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a new stream is watched in silence, to find one without a clock.
pub(super) const TRIAL: Duration = Duration::from_millis(60);
/// Most frames that are turned into a device's own number format at a time.
const CHUNK: usize = 1024;

/// A stream that runs until it is dropped.
pub struct Running {
    _stream: cpal::Stream,
}

/// How long a stream may take to close.
const CLOSING: Duration = Duration::from_millis(500);

impl Running {
    /// Ends it. A server that stands still does not answer: then it is left to itself until it does.
    pub fn close(self) {
        let closer = std::thread::Builder::new().name("close".into()).spawn(move || drop(self));
        let begun = Instant::now();
        while closer.as_ref().is_ok_and(|closer| !closer.is_finished()) && begun.elapsed() < CLOSING {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The hosts to try, in order.
pub(super) fn hosts(backend: Backend) -> Vec<cpal::HostId> {
    let native = cpal::default_host().id();
    match backend {
        Backend::Clock => vec![],
        Backend::Alsa => {
            cpal::available_hosts().into_iter().filter(|id| id.name().eq_ignore_ascii_case("alsa")).collect()
        }
        Backend::Jack => {
            cpal::available_hosts().into_iter().filter(|id| id.name().eq_ignore_ascii_case("jack")).collect()
        }
        Backend::Auto => {
            let mut all = vec![native];
            all.extend(cpal::available_hosts().into_iter().filter(|id| *id != native));
            all
        }
    }
}

/// What a person calls the device.
pub(super) fn name_of(device: &cpal::Device) -> String {
    let id = id_of(device);
    device.description().map(|d| d.name().to_string()).unwrap_or(id)
}

/// What `--device` takes: `hw:0,0`.
pub(super) fn id_of(device: &cpal::Device) -> String {
    let id = device.id().map(|id| id.to_string()).unwrap_or_default();
    id.split_once(':').map(|(_, name)| name.to_string()).unwrap_or(id)
}

/// Opens a device as wished.
///
/// # Errors
/// If it is not there, or does not play.
pub fn open(wish: &Wish) -> Result<Host, Error> {
    platform::quiet_sound_libraries();
    let mut why: Option<Error> = None;
    let mut there = Vec::new();
    for id in hosts(wish.backend) {
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let device = match &wish.device {
            None => host.default_output_device(),
            Some(asked) => {
                let all: Vec<cpal::Device> = host.output_devices().map(Iterator::collect).unwrap_or_default();
                there.extend(all.iter().map(id_of));
                pick(all, asked)
            }
        };
        let Some(device) = device else { continue };
        match start(&device, &id, wish) {
            Ok(host) => return Ok(host),
            Err(error) => why = why.or(Some(error)),
        }
    }
    match (why, &wish.device) {
        (Some(error), _) => Err(error),
        (None, Some(name)) => Err(Error::NoSuchDevice { name: name.clone(), there }),
        (None, None) => Err(Error::NoDevice { why: "the sound system shows none".into() }),
    }
}

/// The device that a name means: its id or its name in any case, or the only one whose name has it as a part.
pub(super) fn pick(all: Vec<cpal::Device>, asked: &str) -> Option<cpal::Device> {
    let asked = asked.to_lowercase();
    let exact = |d: &cpal::Device| {
        let id = d.id().map(|id| id.to_string().to_lowercase()).unwrap_or_default();
        id == asked || id_of(d).to_lowercase() == asked || name_of(d).to_lowercase() == asked
    };
    if let Some(i) = all.iter().position(exact) {
        return all.into_iter().nth(i);
    }
    let mut part = all.into_iter().filter(|d| name_of(d).to_lowercase().contains(&asked));
    let found = part.next()?;
    part.next().is_none().then_some(found)
}

/// Builds the stream, runs it in silence for a moment, and makes it a host.
fn start(device: &cpal::Device, backend: &cpal::HostId, wish: &Wish) -> Result<Host, Error> {
    let name = name_of(device);
    let refuse = |e: cpal::Error| match e.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => {
            Error::NoDevice { why: format!("{name} is not available") }
        }
        _ => Error::Device { device: name.clone(), why: say(&e) },
    };
    let likes = device.default_output_config().map_err(refuse)?;
    let known = || device.supported_output_configs().map_or(vec![], |all| all.map(|c| c.channels()).collect());
    let widths = wish.channels.map_or_else(|| widths(&known(), wish.asks, likes.channels()), |asked| vec![asked]);
    let own = likes.sample_rate();
    let rates = match (wish.engine, wish.rate) {
        (Some(engine), _) if engine != own => vec![engine, own],
        (_, asked) => vec![asked.unwrap_or(own)],
    };
    let sizes = match wish.frames {
        Some(frames) => vec![BufferSize::Fixed(frames)],
        None => vec![BufferSize::Fixed(FRAMES), BufferSize::Default],
    };
    let mut failed = None;
    let ways = rates.iter().flat_map(|rate| sizes.iter().map(|size| (*rate, *size)));
    let ways = widths.iter().flat_map(|channels| ways.clone().map(|(rate, size)| (*channels, rate, size)));
    for (channels, rate, buffer_size) in ways {
        let config = StreamConfig { channels, sample_rate: rate, buffer_size };
        let engine = wish.engine.unwrap_or(rate);
        let (pull, place, shared) = pull::new(rate, engine, channels);
        match build(device, config, likes.sample_format(), pull, &shared) {
            Ok(stream) => {
                let frames = stream.buffer_size().unwrap_or(FRAMES);
                trial(&shared, rate, &name)?;
                let about = About {
                    backend: backend.name().to_lowercase(),
                    device: name.clone(),
                    rate: engine,
                    bridged: (rate != engine).then_some(rate),
                    frames,
                    channels,
                };
                let running = super::Running::Device(Running { _stream: stream });
                return Ok(Host { about, shared, place, running, seen: (0, Instant::now()) });
            }
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.map_or_else(|| Error::NoDevice { why: "no buffer size".into() }, refuse))
}

/// How many channels of a device to try, in order, of those it is known to have: the fewest among which the patch finds its
/// own, then what nearly every device has.
pub(super) fn widths(known: &[u16], asks: u16, likes: u16) -> Vec<u16> {
    let enough = known.iter().copied().filter(|channels| asks > 2 && *channels >= asks).min();
    enough.into_iter().chain([likes.clamp(1, 2)]).collect()
}

/// Waits for a moment; an error if the stream has taken more than a second of sound in it, or is gone already.
fn trial(shared: &pull::Shared, rate: u32, name: &str) -> Result<(), Error> {
    let start = Instant::now();
    while start.elapsed() < TRIAL {
        std::thread::sleep(Duration::from_millis(5));
        if shared.frames.load(Ordering::Relaxed) > u64::from(rate) {
            return Err(Error::NoClock { device: name.into() });
        }
        if let Some(why) = shared.lost() {
            return Err(Error::NoDevice { why });
        }
    }
    Ok(())
}

pub(super) fn say(e: &cpal::Error) -> String {
    e.to_string().trim_end_matches('.').to_string()
}

/// Builds and starts the stream, with a callback that turns floats into the device's own numbers where it must.
fn build(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    mut pull: Pull,
    shared: &Arc<pull::Shared>,
) -> Result<cpal::Stream, cpal::Error> {
    let stream = match format {
        SampleFormat::I16 => convert::<i16>(device, config, pull, shared)?,
        SampleFormat::I32 => convert::<i32>(device, config, pull, shared)?,
        SampleFormat::U8 => convert::<u8>(device, config, pull, shared)?,
        SampleFormat::U16 => convert::<u16>(device, config, pull, shared)?,
        _ => device.build_output_stream(
            config,
            move |out: &mut [f32], _: &cpal::OutputCallbackInfo| pull.fill(out),
            listen(shared),
            None,
        )?,
    };
    stream.play()?;
    Ok(stream)
}

fn convert<T: cpal::SizedSample + cpal::FromSample<f32>>(
    device: &cpal::Device,
    config: StreamConfig,
    mut pull: Pull,
    shared: &Arc<pull::Shared>,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(config.channels);
    let mut floats = vec![0.0f32; CHUNK * channels];
    let callback = move |out: &mut [T], _: &cpal::OutputCallbackInfo| {
        for part in out.chunks_mut(CHUNK * channels) {
            let floats = &mut floats[..part.len()];
            pull.fill(floats);
            for (sample, float) in part.iter_mut().zip(floats) {
                *sample = T::from_sample(float.clamp(-1.0, 1.0));
            }
        }
    };
    device.build_output_stream(config, callback, listen(shared), None)
}

/// What the stream reports: xruns are counted, notices pass, anything else ends it.
fn listen(shared: &Arc<pull::Shared>) -> impl FnMut(cpal::Error) + Send + 'static {
    let shared = shared.clone();
    move |e| match e.kind() {
        ErrorKind::Xrun => {
            shared.xruns.fetch_add(1, Ordering::Relaxed);
        }
        ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {}
        _ => shared.lose(say(&e)),
    }
}

/// Every device of every host, each tried.
pub fn list() -> Vec<Listed> {
    platform::quiet_sound_libraries();
    let mut listed = Vec::new();
    for id in hosts(Backend::Auto) {
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let default = host.default_output_device().map(|d| id_of(&d));
        let mut all: Vec<cpal::Device> = host.output_devices().map(Iterator::collect).unwrap_or_default();
        if let (Some(name), Some(device)) = (&default, host.default_output_device())
            && !all.iter().any(|d| id_of(d) == *name)
        {
            all.insert(0, device);
        }
        for device in all {
            let tried = start(&device, &id, &Wish::default());
            let about = tried.as_ref().ok().map(|host| host.about().clone());
            let why_not = tried.as_ref().err().map(|e| match e {
                Error::NoDevice { why } | Error::Device { why, .. } => why.clone(),
                Error::NoClock { .. } => "has no clock: takes sound as fast as it can".into(),
                other => other.to_string(),
            });
            if let Ok(host) = tried {
                host.stop();
            }
            let own = id_of(&device);
            listed.push(Listed {
                backend: id.name().to_lowercase(),
                default: default.as_ref() == Some(&own),
                id: own,
                name: name_of(&device),
                rate: about.as_ref().map(|a| a.rate),
                channels: about.as_ref().map(|a| a.channels),
                why_not,
            });
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::widths;

    #[test]
    fn a_device_is_tried_with_what_the_patch_asks_for_and_then_with_two() {
        let jack = [1, 2, 4, 6, 8, 16];
        assert_eq!(widths(&jack, 2, 2), [2]);
        assert_eq!(widths(&jack, 4, 2), [4, 2]);
        assert_eq!(widths(&jack, 3, 2), [4, 2], "the fewest that are enough");
        assert_eq!(widths(&jack, 32, 2), [2]);
        assert_eq!(widths(&[], 4, 8), [2]);
        assert_eq!(widths(&[1], 2, 1), [1]);
    }
}
