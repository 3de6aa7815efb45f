//! Why a command did not do its work.

use patches_engine::engine::PlanError;
use patches_engine::error::Error as EngineError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was asked for in a way that cannot be.
    #[error("{0}")]
    Usage(String),
    /// The work could not be done, and why.
    #[error("{0}")]
    Failed(String),
    /// The configuration is not what it should be.
    #[error("{file}:{line}:{column}: {what}")]
    Config {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// Column in characters, from 1.
        column: u64,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// Patches have faults, which have been told.
    #[error("{0} cannot be played")]
    Faulty(String),
    /// A patch exceeds a limit of the engine.
    #[error("{file}: {source}")]
    Plan {
        /// The patch.
        file: String,
        /// The limit.
        source: PlanError,
    },
    /// Devices, files, sessions.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Something to do with the terminal or standard output.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Files cannot be watched.
    #[error("cannot watch for saves: {0}")]
    Watch(#[from] notify::Error),
    /// A thread ended by a mistake of the program; the panic has been told.
    #[error("stopped by a mistake of the program")]
    Panicked,
}

impl Error {
    /// 1 the work failed, 2 wrong use, 3 no such device.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Config { .. } => 2,
            Error::Engine(
                EngineError::NoSuchDevice { .. }
                | EngineError::NoSuchMidi { .. }
                | EngineError::NoSuchInput { .. }
                | EngineError::NoInput { .. }
                | EngineError::NoDevice { .. }
                | EngineError::NoClock { .. },
            ) => 3,
            _ => 1,
        }
    }

    /// Whether nobody reads the output any more, which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::Io(e) if e.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
