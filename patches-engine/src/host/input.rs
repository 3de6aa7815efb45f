//! Sound inputs. An input that shares its clock with the output, as over JACK or on one card, is passed on as it is; one with
//! a clock of its own is resampled, so slightly that nobody hears it, to keep in step.

#[cfg(feature = "device")]
mod bend;
#[cfg(feature = "device")]
mod stream;

use super::{About, Backend, Listed};
use crate::ear::Ear;
use crate::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// What an input and its callback tell each other.
#[derive(Default)]
struct Shared {
    /// How often frames were missing or too many.
    slips: Arc<AtomicU64>,
    lost: OnceLock<String>,
}

/// An input that is open until it is dropped.
pub struct Input {
    name: String,
    bent: bool,
    channels: u16,
    shared: Arc<Shared>,
    #[cfg(feature = "device")]
    _stream: cpal::Stream,
}

impl Input {
    /// Opens an input by name, or the default one, for an engine that plays on this output and hears so many channels, and
    /// gives what the engine is to listen to.
    ///
    /// # Errors
    /// If it is not there, or gives nothing.
    pub fn open(name: Option<&str>, backend: Backend, output: &About, channels: u16) -> Result<(Input, Ear), Error> {
        // A clock alone has no input, but one that is named may be there.
        let backend = match (backend, name, output.backend.as_str()) {
            (Backend::Clock, None, _) => {
                return Err(Error::NoInput { why: "a clock has none; name one with --input".into() });
            }
            (Backend::Clock, Some(_), _) => Backend::Auto,
            (Backend::Auto, _, "jack") => Backend::Jack,
            (asked, ..) => asked,
        };
        #[cfg(feature = "device")]
        return stream::open(name, backend, output, channels);
        #[cfg(not(feature = "device"))]
        {
            let _ = (backend, output, channels);
            Err(match name {
                Some(name) => Error::NoSuchInput { name: name.into(), there: vec![] },
                None => Error::NoInput { why: "built without sound devices".into() },
            })
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many channels of it are heard; those that the engine has besides are silent.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Whether it has a clock of its own, and is resampled.
    pub fn is_bent(&self) -> bool {
        self.bent
    }

    /// Why it gives nothing any more, if it does not.
    pub fn lost(&self) -> Option<String> {
        self.shared.lost.get().cloned()
    }

    /// How often so far frames were missing or too many.
    pub fn slips(&self) -> u64 {
        self.shared.slips.load(Relaxed)
    }
}

/// The inputs there are, each tried.
pub fn list() -> Vec<Listed> {
    #[cfg(feature = "device")]
    return stream::list();
    #[cfg(not(feature = "device"))]
    Vec::new()
}
