//! How a run ends; part of the interface.

/// The exit status of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Everything asked for was done.
    Done = 0,
    /// Some photos could not be scored, or the results could not be written.
    Incomplete = 1,
    /// The arguments make no sense; clap ends with the same value.
    Usage = 2,
    /// The model could not be loaded.
    NoModel = 3,
}

/// What is said of the exit status by `--help`.
pub const EXIT_STATUS: &str = "\
Exit status: 0 all went well, 1 some photos could not be scored, 2 wrong usage, 3 the model could not be loaded.";
