//! Training, native only (paper, section 4.1): datasets with human scores, the loop, and what it takes to stop and go on.
//!
//! A model is a function of its named tensors. [`Parameters`] holds them as flat leaves; each step loads a
//! [`Gamma`](crate::model::Gamma) out of them exactly as a file is loaded, so that gradients reach the checkpoint's own
//! tensors and there is one forward pass for training and for everything else.

mod about;
mod batches;
mod beginning;
mod checkpoint;
pub mod config;
mod curves;
pub mod dataset;
mod device;
pub mod distorted;
pub mod distortion;
mod faults;
mod imagenet;
mod initial;
mod kin;
mod lessons;
mod live;
mod log;
mod loss;
mod network;
mod norm;
mod optimizer;
mod parameters;
mod session;
mod state;
mod teachers;
mod validation;

pub use about::reliability;
pub use batches::{Batch, Plan, Turn};
pub use config::TrainConfig;
pub use curves::curves;
pub use dataset::{Dataset, Sample, Source};
pub use device::open_device;
pub use imagenet::{efficientnet_lite, fold_efficientnet_lite};
pub use initial::initial;
pub use live::{Faults, Live};
pub use loss::{LossTerms, Weight, loss};
pub use network::{Network, Scenes};
pub use norm::{Values, fold};
pub use optimizer::Adam;
pub use parameters::{Parameter, Parameters};
pub use session::Session;
pub use state::{Event, Outcome};
pub use validation::{Figures, Judge, Predictions};
