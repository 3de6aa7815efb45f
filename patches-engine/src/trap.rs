//! Counts what the audio callback asks of the memory allocator. The player installs [`Counting`] as its allocator, so
//! the number it reports at the end of a set is measured, not promised; tests fail on it. `unsafe` is allowed here: an
//! allocator is unsafe by its trait.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, with a count of calls made inside a callback.
pub struct Counting;

fn note() {
    // A thread that is going away has no flag any more; it is in no callback.
    if INSIDE.try_with(Cell::get).unwrap_or(0) > 0 {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator with the caller's own promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as the trait asks of the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note();
        // SAFETY: as the trait asks of the caller.
        unsafe { System.dealloc(ptr, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as the trait asks of the caller.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: as the trait asks of the caller.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

/// Marks this thread as inside a callback until dropped. With feature `rtsan` RealtimeSanitizer is told too, which sees
/// locks and calls into the system as well; `tools/rtsan` builds and runs that.
pub struct Inside(());

#[cfg(feature = "rtsan")]
unsafe extern "C" {
    fn __rtsan_realtime_enter();
    fn __rtsan_realtime_exit();
}

impl Inside {
    /// Enters.
    pub fn enter() -> Inside {
        INSIDE.with(|depth| depth.set(depth.get() + 1));
        #[cfg(feature = "rtsan")]
        // SAFETY: the sanitizer's functions take nothing and only count for this thread.
        unsafe {
            __rtsan_realtime_enter();
        }
        Inside(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        #[cfg(feature = "rtsan")]
        // SAFETY: as in `enter`, once for each entry.
        unsafe {
            __rtsan_realtime_exit();
        }
        INSIDE.with(|depth| depth.set(depth.get() - 1));
    }
}

/// Whether the calling thread is inside a callback.
pub fn is_inside() -> bool {
    INSIDE.try_with(Cell::get).unwrap_or(0) > 0
}

/// Allocations and frees made inside callbacks so far, if [`Counting`] is the allocator; else 0.
pub fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}
