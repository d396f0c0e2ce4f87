//! The command line of `gamma distort`.

use std::path::PathBuf;

use clap::Args;
use gamma_wasm::Error;
use gamma_wasm::train::distortion::{Distortion, Level};

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct Distort {
    /// A clean photo (JPEG, PNG, WebP, GIF, BMP, TIFF).
    pub image: PathBuf,
    /// The kind of distortion, or `all`.
    #[arg(long, default_value = "all", value_parser = kinds)]
    pub kind: Kinds,
    /// From 0 (unchanged) to 1, or `levels` for the five named ones.
    #[arg(long, value_name = "S", default_value = "levels", value_parser = strengths)]
    pub strength: Strengths,
    /// Start of the random numbers: the same seed gives the same noise and places.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The folder that gets the PNG files; it is made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Write one JPEG with all levels of the kinds beside each other instead.
    #[arg(long, conflicts_with = "strength")]
    pub sheet: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// Kinds asked for.
#[derive(Debug, Clone)]
pub struct Kinds(pub Vec<Distortion>);

/// Strengths asked for, each with what it is called in a file's name.
#[derive(Debug, Clone)]
pub struct Strengths(pub Vec<(String, f32)>);

fn kinds(name: &str) -> Result<Kinds, Error> {
    Ok(Kinds(match name {
        "all" => Distortion::ALL.to_vec(),
        _ => vec![name.parse()?],
    }))
}

fn strengths(text: &str) -> Result<Strengths, String> {
    if text == "levels" {
        let levels = Level::ALL.iter();
        return Ok(Strengths(
            levels.map(|level| (level.as_str().into(), level.strength())).collect(),
        ));
    }
    match text.parse::<f32>() {
        Ok(strength) if (0.0..=1.0).contains(&strength) => Ok(Strengths(vec![(strength.to_string(), strength)])),
        _ => Err("neither `levels` nor a number from 0 to 1".into()),
    }
}
