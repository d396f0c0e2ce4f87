//! The command as a shell meets it: arguments, output, exit status (`docs/command.md`).

#![cfg(feature = "cli")]

mod folders;
mod inspect;
mod models;
mod names;
mod raw;
mod results;
mod shell;
#[cfg(unix)]
mod table;
