//! The command line of `gamma distort`.

use std::path::PathBuf;

use clap::Args;
use gamma_wasm::Error;
use gamma_wasm::train::distortion::{Distortion, Level};

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct Distort {
    /// A clean photo (JPEG, PNG, WebP, GIF, BMP, TIFF), or with --dataset a folder of them.
    pub image: PathBuf,
    /// Kinds of distortion with commas between them, or `all`.
    #[arg(long, default_value = "all", value_parser = kinds)]
    pub kind: Kinds,
    /// From 0 (unchanged) to 1, several with commas between them, or `levels` for the five named ones.
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
    /// Write a dataset instead: photos of a folder, kinds and strengths at random, with label files.
    #[arg(long, conflicts_with_all = ["sheet", "json"])]
    pub dataset: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub drawn: Drawn,
}

/// What a dataset is made of; as in the configuration of a training run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --dataset")]
pub struct Drawn {
    /// Distorted photos to learn from.
    #[arg(long, value_name = "N", default_value_t = 2800, requires = "dataset")]
    pub count: usize,
    /// Clean photos among them, as a part of their number.
    #[arg(long, value_name = "PART", default_value_t = 0.03, requires = "dataset")]
    pub clean: f64,
    /// Photos that are only judged by.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "dataset")]
    pub held_out_photos: usize,
    /// Kinds that are only judged by, with commas between them.
    #[arg(long, value_name = "K", value_parser = kinds, requires = "held_out_photos")]
    pub held_out_kinds: Option<Kinds>,
    /// Strengths that are only judged by, with commas between them.
    #[arg(long, value_name = "S", value_parser = strengths, requires = "held_out_photos")]
    pub held_out_strengths: Option<Strengths>,
    /// Ladders of each kind that is learned: photos at all strengths that are judged by.
    #[arg(long, value_name = "N", default_value_t = 3, requires = "held_out_photos")]
    pub ladders: usize,
    /// Photos made at the same time; by default as many as there are processors.
    #[arg(long, value_name = "N", requires = "dataset")]
    pub threads: Option<usize>,
}

/// Kinds asked for.
#[derive(Debug, Clone)]
pub struct Kinds(pub Vec<Distortion>);

/// Strengths asked for, each with what it is called in a file's name.
#[derive(Debug, Clone)]
pub struct Strengths(pub Vec<(String, f32)>);

fn kinds(names: &str) -> Result<Kinds, Error> {
    Ok(Kinds(match names {
        "all" => Distortion::ALL.to_vec(),
        _ => names.split(',').map(str::parse).collect::<Result<_, _>>()?,
    }))
}

fn strengths(text: &str) -> Result<Strengths, String> {
    if text == "levels" {
        let levels = Level::ALL.iter();
        return Ok(Strengths(
            levels.map(|level| (level.as_str().into(), level.strength())).collect(),
        ));
    }
    let strength = |text: &str| match text.parse::<f32>() {
        Ok(strength) if (0.0..=1.0).contains(&strength) => Ok((strength.to_string(), strength)),
        _ => Err("neither `levels` nor a number from 0 to 1".to_owned()),
    };
    text.split(',').map(strength).collect::<Result<_, _>>().map(Strengths)
}
