//! Panics end one photo, not the run, and are told in the words of an error.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use gamma_wasm::Error;

/// What the last panic said, and where. A panic on a thread of a pool reaches its caller without its place.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Keeps panics off standard error: whoever catches one says what happened. A backtrace before an error of ours helps
/// nobody.
pub fn keep_quiet() {
    set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or("no reason given");
        let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line()));
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = format!("{said}{}", place.unwrap_or_default());
    }));
}

/// Does some work.
///
/// # Errors
/// What a panic said, if it came to one.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| std::mem::take(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Has the model do some work.
///
/// # Errors
/// What `work` says, or [`Error::Device`] with what a panic said.
pub fn by_model<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    caught(work).unwrap_or_else(|said| Err(Error::Device(format!("the model stopped: {said}"))))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::{caught, keep_quiet};

    const CHILD: &str = "GAMMA_TEST_PANICS";

    #[test]
    fn a_panic_is_told_once_and_without_a_backtrace() {
        if env::var_os(CHILD).is_some() {
            // The child: its standard error is what the parent looks at.
            keep_quiet();
            let told = caught(|| {
                std::thread::scope(|scope| scope.spawn(|| panic!("strips of {} rows", 0)).join().unwrap());
            });
            assert!(told.is_err());
            let told = caught(|| panic!("planes of {} rows", 7)).map(|()| "nothing");
            eprintln!("told: {told:?}");
            return;
        }
        let name = "caught::tests::a_panic_is_told_once_and_without_a_backtrace";
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let errors = String::from_utf8(child.stderr).unwrap();
        assert!(child.status.success(), "{errors}");
        assert!(
            errors.starts_with("told: Err(\"planes of 7 rows (src/bin/gamma/caught.rs:"),
            "{errors}"
        );
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}
