//! What the trainer promises: gradients that are right, what is frozen stays, a stopped run goes on as if nothing had been,
//! one seed gives one result, labels are turned the right way.
#![cfg(feature = "train")]

mod configurations;
mod datasets;
mod domains;
mod faults;
mod gradients;
mod pooled;
mod runs;
#[path = "../common/small.rs"]
mod small;
mod stem;
mod support;
mod teachers;
