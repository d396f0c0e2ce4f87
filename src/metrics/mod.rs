//! How well scores agree with people: the figures that papers on image assessment report, with intervals that say how
//! much of a figure is the choice of photos.
//!
//! [`rank`] correlates, [`fit`] maps scores onto the scale of the labels, [`bootstrap`] resamples the photos,
//! [`evaluation`] puts them together for several datasets and two models, [`ladder`] looks at photos made worse step by
//! step, [`split`] holds photos out, [`mod@reliability`] says what a score and a difference of scores are good for, [`plot`] draws what came out, and [`paper`]
//! knows what the paper reports.

pub mod bootstrap;
pub mod deviation;
pub mod evaluation;
pub mod findings;
pub mod fit;
pub mod ladder;
pub mod paper;
pub mod plot;
pub mod rank;
pub mod reliability;
pub mod split;

pub use bootstrap::{CONFIDENCE, Interval, RESAMPLES};
pub use deviation::{Deviation, Deviations};
pub use evaluation::{Comparison, Estimate, Evaluation, Outcome, Overall, Sample, Statistics, evaluate};
pub use fit::{Logistic, line};
pub use ladder::{Ladders, Order, Rung};
pub use rank::{kendall, pearson, ranks, spearman};
pub use reliability::{Held, Judged, reliability};
pub use split::{Protocol, Split, Spread};
