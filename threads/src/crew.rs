//! The helpers, and the work that they share with whoever forks.

use std::{
    hint,
    ptr::{self, null_mut},
    sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering},
};

/// Helpers that serve.
static HELPERS: AtomicU32 = AtomicU32::new(0);
/// Counts the pieces of work that were ever offered; helpers without work sleep on it.
static OFFERS: AtomicU32 = AtomicU32::new(0);
/// Helpers inside the work on offer, and [`OPEN`] while more may enter.
static GATE: AtomicU32 = AtomicU32::new(0);
const OPEN: u32 = 1 << 31;
/// The work on offer. It is valid for those who came through the gate, since who offers it waits until they have left.
static WORK: AtomicPtr<Work> = AtomicPtr::new(null_mut());

/// Looks before a thread that waits falls asleep: about 50 microseconds, longer than what lies between most layers.
const PATIENCE: u32 = 20_000;

/// Whether this thread is a helper. Work inside of its work is its own anyway, but the glue generator gives every instance memory
/// for the variables of a thread, and does not expect that there are none.
#[cfg(target_arch = "wasm32")]
#[thread_local]
static HELPS: std::cell::Cell<bool> = std::cell::Cell::new(false);

struct Work {
    /// What to do with a chunk.
    run: &'static (dyn Fn(usize) + Sync),
    chunks: usize,
    next: AtomicUsize,
}

impl Work {
    fn join(&self) {
        loop {
            let chunk = self.next.fetch_add(1, Ordering::Relaxed);
            if chunk >= self.chunks {
                return;
            }
            (self.run)(chunk);
        }
    }
}

/// Threads that [`for_each_chunk`] has, the caller's among them.
pub fn threads() -> usize {
    1 + HELPERS.load(Ordering::Relaxed) as usize
}

/// Calls `work` with the index of each chunk of `data` and the chunk, which is `length` long but for the last one. Returns when
/// all are done. Work inside of work stays in its thread.
pub fn for_each_chunk<T: Send>(data: &mut [T], length: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let (length, total) = (length.max(1), data.len());
    let chunks = total.div_ceil(length);
    let alone = chunks < 2 || threads() < 2 || helps();
    if alone
        || GATE
            .compare_exchange(0, OPEN, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
    {
        let each = data.chunks_mut(length).enumerate();
        return each.for_each(|(index, chunk)| work(index, chunk));
    }
    let start = Start(data.as_mut_ptr());
    let run = |index: usize| {
        let from = index * length;
        // SAFETY: chunks do not overlap and lie within `data`, which is borrowed until all are done, and each index is given out once.
        let chunk = unsafe { std::slice::from_raw_parts_mut(start.get().add(from), length.min(total - from)) };
        work(index, chunk);
    };
    offer(&run, chunks);
}

/// A pointer that all threads may have.
struct Start<T>(*mut T);

impl<T> Start<T> {
    fn get(&self) -> *mut T {
        self.0
    }
}

// SAFETY: what is made of it are chunks of `T: Send`, each in one thread.
unsafe impl<T: Send> Sync for Start<T> {}

/// Does the work together with the helpers. The gate is [`OPEN`] already, but there is no news of it yet.
fn offer(run: &(dyn Fn(usize) + Sync), chunks: usize) {
    let work = Work {
        // SAFETY: nobody has it after this function, which returns when the gate is closed and all have left.
        run: unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(run) },
        chunks,
        next: AtomicUsize::new(0),
    };
    WORK.store(ptr::from_ref(&work).cast_mut(), Ordering::Release);
    OFFERS.fetch_add(1, Ordering::Release);
    wake(&OFFERS);
    work.join();
    WORK.store(null_mut(), Ordering::Relaxed);
    GATE.fetch_and(!OPEN, Ordering::AcqRel);
    let mut patience = PATIENCE;
    loop {
        match GATE.load(Ordering::Acquire) {
            0 => return,
            // A helper that the system has put aside needs the core that this thread would wait on.
            inside if patience == 0 => sleep(&GATE, inside),
            _ => {
                patience -= 1;
                hint::spin_loop();
            }
        }
    }
}

/// How many threads are in one piece of work at the same time, when each waits for all the others for a moment.
pub fn meet() -> usize {
    /// Looks for the others: some tenths of a second.
    const MOMENT: u32 = 100_000_000;
    let (present, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut places = vec![0_u8; threads()];
    let all = places.len();
    for_each_chunk(&mut places, 1, |_, _| {
        most.fetch_max(present.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        (0..MOMENT).any(|_| most.load(Ordering::Relaxed) == all);
        present.fetch_sub(1, Ordering::Relaxed);
    });
    most.into_inner()
}

#[cfg(target_arch = "wasm32")]
fn helps() -> bool {
    HELPS.get()
}

#[cfg(not(target_arch = "wasm32"))]
fn helps() -> bool {
    false
}

/// Helps whoever forks, for ever.
pub fn serve() -> ! {
    #[cfg(target_arch = "wasm32")]
    HELPS.set(true);
    HELPERS.fetch_add(1, Ordering::Relaxed);
    loop {
        let seen = OFFERS.load(Ordering::Acquire);
        let enter = |gate: u32| (gate & OPEN != 0).then_some(gate + 1);
        if GATE.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_ok() {
            let work = WORK.load(Ordering::Acquire);
            // SAFETY: whoever offers it closes the gate and waits for this helper before it lets the work go.
            if let Some(work) = unsafe { work.as_ref() } {
                work.join();
            }
            if GATE.fetch_sub(1, Ordering::Release) == 1 {
                wake(&GATE);
            }
        }
        let news = || OFFERS.load(Ordering::Acquire) != seen;
        if !(0..PATIENCE).any(|_| news()) {
            sleep(&OFFERS, seen);
        }
    }
}

/// Sleeps while `place` holds `value`.
#[cfg(target_arch = "wasm32")]
#[target_feature(enable = "atomics")]
fn sleep(place: &AtomicU32, value: u32) {
    // SAFETY: the address is that of a number which outlives the call.
    unsafe { std::arch::wasm32::memory_atomic_wait32(place.as_ptr().cast(), value as i32, -1) };
}

/// Wakes those who sleep on `place`.
#[cfg(target_arch = "wasm32")]
fn wake(place: &AtomicU32) {
    // SAFETY: as above.
    unsafe { std::arch::wasm32::memory_atomic_notify(place.as_ptr().cast(), u32::MAX) };
}

#[cfg(not(target_arch = "wasm32"))]
fn sleep(_: &AtomicU32, _: u32) {
    std::thread::yield_now();
}

#[cfg(not(target_arch = "wasm32"))]
fn wake(_: &AtomicU32) {}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Mutex, MutexGuard},
        thread,
    };

    use super::*;

    /// Three helpers, who serve until the tests end; for one test at a time, since only one can fork.
    fn helped() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if threads() == 1 {
            for _ in 0..3 {
                thread::spawn(|| serve());
            }
            while threads() < 4 {
                thread::yield_now();
            }
        }
        turn
    }

    #[test]
    fn every_chunk_is_given_out_once() {
        let _turn = helped();
        for length in 1..40 {
            for total in [0, 1, 39, 1000] {
                let mut data = vec![0_usize; total];
                for_each_chunk(&mut data, length, |index, chunk| {
                    for (place, value) in chunk.iter_mut().enumerate() {
                        *value += index * length + place + 1;
                    }
                });
                assert!(data.iter().enumerate().all(|(place, &value)| value == place + 1));
            }
        }
    }

    #[test]
    fn helpers_take_part() {
        let _turn = helped();
        assert_eq!(meet(), 4);
    }

    #[test]
    fn work_inside_of_work_is_done_too() {
        let _turn = helped();
        let mut data = vec![0_u32; 64];
        for_each_chunk(&mut data, 8, |_, outer| {
            for_each_chunk(outer, 1, |_, inner| inner[0] += 1)
        });
        assert_eq!(data, vec![1; 64]);
    }
}
