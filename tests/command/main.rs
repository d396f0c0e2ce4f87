//! The command as a shell meets it: arguments, output, exit status (`docs/command.md`).

#![cfg(feature = "cli")]

mod client;
#[cfg(target_os = "linux")]
mod endurance;
mod folders;
mod inspect;
#[cfg(feature = "listen")]
mod listen;
mod models;
mod names;
mod raw;
mod results;
mod serve;
mod shell;
#[cfg(unix)]
mod table;
