//! Readers of the containers that photos come in: TIFF directories and boxes of ISO media files. They work on a file
//! of which only parts may be there, and say which part they need next.

pub(super) mod boxes;
mod parts;
pub(super) mod tags;

pub(super) use parts::{Parts, Stop, or_nothing};
