//! What the paper reports for Gamma with scene-based prompts on its twelve datasets (arXiv 2503.06678), each on splits of
//! the authors' own: a figure of another split or a subset is near it, not comparable to its last digit.

use serde::Serialize;

/// Where the figures come from.
pub const SOURCE: &str = "arXiv 2503.06678, Gamma with scene-based prompts, on the authors' splits";

/// A dataset of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Dataset {
    /// Its name in the paper.
    pub name: &'static str,
    /// Smallest and largest label, as published.
    pub range: [f64; 2],
    /// Whether a lower label means a better photo.
    pub lower_better: bool,
    /// Spearman's correlation.
    pub srcc: f64,
    /// Pearson's correlation.
    pub plcc: f64,
}

/// All twelve, in the paper's order.
#[rustfmt::skip]
pub const DATASETS: [Dataset; 12] = [
    Dataset { name: "LIVE",      range: [1.0, 100.0], lower_better: true,  srcc: 0.953, plcc: 0.953 },
    Dataset { name: "CSIQ",      range: [0.0, 1.0],   lower_better: true,  srcc: 0.960, plcc: 0.968 },
    Dataset { name: "TID2013",   range: [0.0, 9.0],   lower_better: false, srcc: 0.935, plcc: 0.941 },
    Dataset { name: "KADID-10k", range: [1.0, 5.0],   lower_better: false, srcc: 0.962, plcc: 0.964 },
    Dataset { name: "LIVEC",     range: [0.0, 100.0], lower_better: false, srcc: 0.891, plcc: 0.914 },
    Dataset { name: "KonIQ-10k", range: [0.0, 100.0], lower_better: false, srcc: 0.939, plcc: 0.950 },
    Dataset { name: "SPAQ",      range: [0.0, 100.0], lower_better: false, srcc: 0.929, plcc: 0.932 },
    Dataset { name: "GFIQA-20k", range: [0.0, 1.0],   lower_better: false, srcc: 0.970, plcc: 0.970 },
    Dataset { name: "AGIQA-3k",  range: [0.0, 5.0],   lower_better: false, srcc: 0.887, plcc: 0.923 },
    Dataset { name: "UWIQA",     range: [0.0, 1.0],   lower_better: false, srcc: 0.873, plcc: 0.884 },
    Dataset { name: "AVA",       range: [0.0, 10.0],  lower_better: false, srcc: 0.750, plcc: 0.749 },
    Dataset { name: "AADB",      range: [0.0, 1.0],   lower_better: false, srcc: 0.756, plcc: 0.755 },
];

impl Dataset {
    /// The dataset of that name, in capitals or not; LIVEC is also called CLIVE.
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = if name.eq_ignore_ascii_case("CLIVE") {
            "LIVEC"
        } else {
            name
        };
        DATASETS.iter().find(|dataset| dataset.name.eq_ignore_ascii_case(name))
    }
}
