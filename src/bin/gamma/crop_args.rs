//! The options that say which pixels of a photo the model looks at, the same for every command that scores.

use clap::{Args, builder::PossibleValuesParser, builder::TypedValueParser, value_parser};
use gamma_wasm::image::{CropChoice, CropPolicy, DecodeOptions, MAX_CROPS};

/// Crops and how pixels are read.
#[derive(Debug, Clone, Args)]
pub struct CropArgs {
    /// How crops are chosen; as the model says, or else `random`.
    #[arg(long, value_parser = policy())]
    pub policy: Option<CropPolicy>,
    /// Crops of a photo, for the policies `random` and `grid`; as the model says, or else 10.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=i64::from(MAX_CROPS)))]
    pub crops: Option<u32>,
    /// Read pixels exactly as the published loader does: no EXIF orientation, alpha dropped, no scaling, small photos refused.
    #[arg(long)]
    pub parity: bool,
}

impl CropArgs {
    /// The crops as far as they were asked for.
    pub fn choice(&self, seed: u64) -> CropChoice {
        CropChoice {
            policy: self.policy,
            crops: self.crops,
            seed: Some(seed),
        }
    }

    /// How files become pixels.
    pub fn decode_options(&self) -> DecodeOptions {
        DecodeOptions {
            parity: self.parity,
            ..DecodeOptions::default()
        }
    }
}

/// The names of the crop policies.
fn policy() -> impl TypedValueParser<Value = CropPolicy> {
    PossibleValuesParser::new(CropPolicy::ALL.map(CropPolicy::as_str)).try_map(|name| name.parse::<CropPolicy>())
}
