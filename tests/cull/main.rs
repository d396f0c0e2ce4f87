//! `gamma cull`, and the grouping that it is made of.

mod command;
mod exif;
mod grouping;
mod made;
