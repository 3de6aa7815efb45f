//! A thread of another program that stands still, as when the disk or the system does not let it go on.

use std::path::Path;

/// A thread that stands still until this is dropped.
pub struct Stalled(libc::pid_t);

/// Lets a thread stand still: the one of this name in a process that this test has started. None where the system does not
/// allow it; then the test says so.
pub fn stall(process: u32, name: &str) -> Option<Stalled> {
    let tasks = std::fs::read_dir(Path::new("/proc").join(process.to_string()).join("task")).expect("it runs");
    let is = |task: &Path| std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let task = tasks.flatten().map(|task| task.path()).find(|task| is(task)).expect("a thread of this name");
    let id: libc::pid_t = task.file_name().and_then(|id| id.to_str()?.parse().ok()).expect("a number");
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: plain calls about a thread of a child of this process; no memory is passed.
    let held = unsafe {
        libc::ptrace(libc::PTRACE_SEIZE, id, none, none) == 0
            && libc::ptrace(libc::PTRACE_INTERRUPT, id, none, none) == 0
            && libc::waitpid(id, std::ptr::null_mut(), libc::__WALL) == id
    };
    if !held {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI may not hold threads");
        eprintln!("SKIPPED: this system does not let one program hold another: {}", std::io::Error::last_os_error());
    }
    held.then_some(Stalled(id))
}

impl Drop for Stalled {
    fn drop(&mut self) {
        let none = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: as above; the thread is held by this one.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, self.0, none, none) };
    }
}
