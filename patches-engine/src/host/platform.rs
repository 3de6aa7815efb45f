//! Calls into the platform, and all `unsafe` of the host: real-time priority, signals, standard error.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Gives the calling thread real-time priority if it has none. Whether it has it then.
#[cfg(target_os = "linux")]
pub fn make_realtime() -> bool {
    // Under JACK (70 and more by habit) and the kernel's own threads, above everything else.
    const PRIORITY: i32 = 20;
    // SAFETY: plain calls about the calling thread; `param` outlives them and is filled by the first.
    unsafe {
        let thread = libc::pthread_self();
        let mut policy = 0;
        let mut param: libc::sched_param = std::mem::zeroed();
        if libc::pthread_getschedparam(thread, &mut policy, &mut param) != 0 {
            return false;
        }
        let policy = policy & !libc::SCHED_RESET_ON_FORK;
        if policy == libc::SCHED_FIFO || policy == libc::SCHED_RR {
            return true;
        }
        param.sched_priority = PRIORITY;
        libc::pthread_setschedparam(thread, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &param) == 0
    }
}

/// Gives the calling thread real-time priority if it has none. Whether it has it then.
#[cfg(not(target_os = "linux"))]
pub fn make_realtime() -> bool {
    // CoreAudio and WASAPI threads are real-time threads already.
    true
}

/// Locked memory that a player may need, in bytes: delay lines, and the address space of threads, all of which counts.
pub const LOCKED: u64 = 4 << 30;

/// Keeps what is in memory there, so that no thread waits for the disk to have it back; pages are locked as they are
/// first used. Whether it was allowed. Under a small limit nothing is locked: memory asked for later would be refused.
#[cfg(target_os = "linux")]
pub fn lock_memory() -> bool {
    /// The right to lock memory without a limit.
    const IPC_LOCK: libc::c_int = 14;
    // SAFETY: plain calls about this process; `limit` outlives them and is filled by the first.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) != 0 {
            return false;
        }
        let unlimited = libc::geteuid() == 0 && libc::prctl(libc::PR_CAPBSET_READ, IPC_LOCK) == 1;
        (unlimited || limit.rlim_cur >= LOCKED)
            && libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) == 0
    }
}

/// Keeps what is in memory there. Whether it was allowed.
#[cfg(not(target_os = "linux"))]
pub fn lock_memory() -> bool {
    // Elsewhere this is not asked of programs.
    true
}

/// Keeps libasound and libjack from writing to standard error, where they would tear the terminal.
pub fn quiet_sound_libraries() {
    #[cfg(all(target_os = "linux", feature = "device"))]
    {
        use std::os::raw::{c_char, c_int};
        // The C type takes further arguments by `...`. A callee that takes fewer is sound where the caller clears the
        // stack and extra arguments only stay unread, as in the C calling conventions of Linux.
        type Handler = unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char);
        unsafe extern "C" {
            fn snd_lib_error_set_handler(handler: Option<Handler>) -> c_int;
        }
        unsafe extern "C" fn say_nothing(_: *const c_char, _: c_int, _: *const c_char, _: c_int, _: *const c_char) {}
        // SAFETY: libasound is linked through cpal; the handler is a function that lives for ever and reads nothing.
        unsafe { snd_lib_error_set_handler(Some(say_nothing)) };
        quiet_jack();
    }
}

/// The same for libjack, if ALSA or this program has loaded it by now: while a server is away, each try to find it would
/// write six lines.
#[cfg(all(target_os = "linux", feature = "device"))]
fn quiet_jack() {
    use std::os::raw::c_char;
    type Handler = extern "C" fn(*const c_char);
    type Set = unsafe extern "C" fn(Handler);
    extern "C" fn say_nothing(_: *const c_char) {}
    // SAFETY: the names end in zero, and the library is only asked for where it is loaded already; it stays so, since this
    // keeps it open. Both functions have this type by JACK's interface, and the handler lives for ever and reads nothing.
    unsafe {
        let library = libc::dlopen(c"libjack.so.0".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        if library.is_null() {
            return;
        }
        for name in [c"jack_set_error_function", c"jack_set_info_function"] {
            let set = libc::dlsym(library, name.as_ptr());
            if !set.is_null() {
                std::mem::transmute::<*mut libc::c_void, Set>(set)(say_nothing);
            }
        }
    }
}

static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// From now on interrupt, terminate and hang-up are remembered instead of ending the program; a second one ends it.
pub fn catch_signals() {
    #[cfg(unix)]
    {
        extern "C" fn remember(signal: libc::c_int) {
            if SIGNAL.swap(signal, Ordering::SeqCst) != 0 {
                // SAFETY: `_exit` may be called in a signal handler.
                unsafe { libc::_exit(128 + signal) }
            }
        }
        TERMINAL.store(std::io::IsTerminal::is_terminal(&std::io::stdin()), Ordering::Relaxed);
        let handler = remember as extern "C" fn(libc::c_int);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: the handler only touches an atomic and calls `_exit`, both allowed in signal handlers.
            unsafe { libc::signal(signal, handler as *const () as libc::sighandler_t) };
        }
    }
}

/// The signal that came, if one did.
pub fn signalled() -> Option<i32> {
    Some(SIGNAL.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Whether standard input was a terminal when the player began; one that has gone away no longer says so.
#[cfg(unix)]
static TERMINAL: AtomicBool = AtomicBool::new(false);

/// Whether standard input is a terminal that has gone away.
pub fn hung_up() -> bool {
    #[cfg(unix)]
    {
        let mut input = libc::pollfd { fd: libc::STDIN_FILENO, events: 0, revents: 0 };
        // SAFETY: one entry is passed, and none is waited for.
        let count = unsafe { libc::poll(&mut input, 1, 0) };
        // The end of a pipe is told as hanging up too, and is an end of the input like any other.
        count == 1 && input.revents & libc::POLLHUP != 0 && TERMINAL.load(Ordering::Relaxed)
    }
    #[cfg(not(unix))]
    false
}

/// A copy of what standard error was, while it is taken over; -1 while it is not.
#[cfg(unix)]
static STDERR: AtomicI32 = AtomicI32::new(-1);

/// Gives standard error back if it was taken over. For panics; else dropping [`Stderr`] does it.
pub fn give_stderr_back() {
    #[cfg(unix)]
    {
        let saved = STDERR.swap(-1, Ordering::SeqCst);
        if saved >= 0 {
            // SAFETY: `saved` is an open descriptor that only this swap has taken out.
            unsafe {
                libc::dup2(saved, 2);
                libc::close(saved);
            }
        }
    }
}

/// Standard error, taken over: what libraries write there comes out of `reader` and not on the screen.
pub struct Stderr {
    reader: Option<std::fs::File>,
}

impl Stderr {
    /// Takes standard error over until this value is dropped.
    ///
    /// # Errors
    /// If the system gives no pipe.
    #[cfg(unix)]
    pub fn take() -> std::io::Result<Stderr> {
        use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
        let mut ends = [0; 2];
        // SAFETY: `ends` has room for the two descriptors; each becomes owned once and only once.
        let (reader, writer) = unsafe {
            if libc::pipe(ends.as_mut_ptr()) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
        };
        // SAFETY: plain calls about open descriptors. A full pipe must not stop an audio library that complains.
        unsafe {
            libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
            let saved = libc::fcntl(2, libc::F_DUPFD_CLOEXEC, 3);
            if saved < 0 || libc::dup2(writer.as_raw_fd(), 2) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            STDERR.store(saved, Ordering::SeqCst);
        }
        Ok(Stderr { reader: Some(reader.into()) })
    }

    /// Elsewhere nothing writes there, and nothing is taken.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn take() -> std::io::Result<Stderr> {
        Ok(Stderr { reader: None })
    }

    /// The other end: it ends when standard error is given back. Once only.
    pub fn reader(&mut self) -> Option<std::fs::File> {
        self.reader.take()
    }
}

impl Drop for Stderr {
    fn drop(&mut self) {
        give_stderr_back();
    }
}
