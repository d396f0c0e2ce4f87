//! The options of `gamma cull`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::default_model::{DEFAULT, Weights};
use crate::exit::EXIT_STATUS;

/// How many photos are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Keep {
    /// A share of those that may be left out, 0 to 1.
    Share(f64),
    /// So many.
    Number(usize),
}

impl Keep {
    /// Photos to keep of `count`; of a share at least one.
    pub fn of(self, count: usize) -> usize {
        match self {
            Self::Share(share) => ((share * count as f64).ceil() as usize).max(1).min(count),
            Self::Number(number) => number.min(count),
        }
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a number of photos nor a share such as 10%");
        match text.strip_suffix('%') {
            Some(percent) => match percent.parse::<f64>() {
                Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(Self::Share(percent / 100.0)),
                _ => Err(wrong()),
            },
            None => match text.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => Err(wrong()),
            },
        }
    }
}

/// What a new sidecar is called; one that is there is used, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Naming {
    /// `IMG.xmp`, as Adobe and Capture One have it; a RAW file and its JPEG share one.
    Adobe,
    /// `IMG.CR2.xmp`, as darktable and digiKam have it.
    Darktable,
}

/// Which photos to keep of a folder. Nothing is ever deleted, and nothing is written without --xmp or --copy-to.
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS, args_override_self = true)]
pub struct Cull {
    /// Folders of photos, or photos.
    #[arg(required = true, value_name = "DIR")]
    pub images: Vec<PathBuf>,
    /// How many photos to keep: a number, or a share.
    #[arg(short, long, value_name = "N|P%", default_value = "10%")]
    pub keep: Keep,
    /// Keep at most one photo of each group of photos of the same.
    #[arg(long)]
    pub one_per_scene: bool,
    /// Write ratings to XMP sidecars: 1 for what is kept, -1 for the rest. A rating that is there stays.
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "adobe")]
    pub xmp: Option<Naming>,
    /// Copy what is kept to a folder, with its sidecars. What is there is not replaced.
    #[arg(long, value_name = "DIR")]
    pub copy_to: Option<PathBuf>,
    /// Print CSV with a header.
    #[arg(long)]
    pub csv: bool,
    /// Look into the folders inside folders too.
    #[arg(short, long)]
    pub recursive: bool,
    /// The model: a safetensors file, a folder that `gamma convert` wrote, or `default`.
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT)]
    pub weights: Weights,
    /// What the photos are judged as; `natural-quality` if the model has it, else its first scene.
    #[arg(short, long, value_name = "ID")]
    pub scene: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Keep;

    #[test]
    fn what_is_kept_is_a_number_or_a_share() {
        assert_eq!("10%".parse::<Keep>().unwrap().of(101), 11);
        assert_eq!("0.1%".parse::<Keep>().unwrap().of(5), 1);
        assert_eq!("100%".parse::<Keep>().unwrap().of(5), 5);
        assert_eq!("7".parse::<Keep>().unwrap().of(5), 5);
        assert_eq!("10%".parse::<Keep>().unwrap().of(0), 0);
        for wrong in ["0", "0%", "-1", "101%", "x", "", "NaN%", "1.5"] {
            assert!(wrong.parse::<Keep>().is_err(), "{wrong}");
        }
    }
}
