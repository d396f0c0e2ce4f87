//! The options of `gamma eval`, and which of them belong to which CSV.

use std::path::{Path, PathBuf};

use clap::{Args, value_parser};
use gamma_wasm::metrics::paper;
use gamma_wasm::{Error, Result};

use crate::crop_args::CropArgs;
use crate::default_model::{DEFAULT, Weights};
use crate::device_args::DeviceArgs;
use crate::exit::EXIT_STATUS;

/// Score the photos that a CSV has labels of, and say how well scores and labels agree.
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub struct Eval {
    /// A table of photos and labels, with a header. Several may be given.
    #[arg(long, required = true, value_name = "FILE")]
    pub csv: Vec<PathBuf>,
    /// The folder that the CSV's names are in: one for all, or one for each CSV.
    #[arg(long, required = true, value_name = "DIR")]
    pub images: Vec<PathBuf>,
    /// What the photos are judged as: one for all, or one for each CSV; `natural-quality` if the model has it, else its first.
    #[arg(short, long, value_name = "ID")]
    pub scene: Vec<String>,
    /// The model: a safetensors file, a folder that `gamma convert` wrote, or `default` for the one in this program.
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT)]
    pub weights: Weights,
    /// Another model to score the same crops with, such as a quantised one.
    #[arg(long, value_name = "FILE")]
    pub against: Option<Weights>,
    /// The dataset's name in the paper, or `other`: its figures are printed, its range and direction of labels are known.
    #[arg(long, value_name = "NAME", value_parser = dataset)]
    pub dataset: Vec<Published>,
    /// The column of the photos' names: one for all, or one for each CSV.
    #[arg(long, value_name = "NAME", default_value = "image")]
    pub image_column: Vec<String>,
    /// The column of the labels: one for all, or one for each CSV.
    #[arg(long, value_name = "NAME", default_value = "mos")]
    pub label_column: Vec<String>,
    /// A lower label means a better photo, in all CSVs.
    #[arg(long)]
    pub lower_better: bool,
    /// Judge ladders too, one photo made worse step by step: the CSVs have the columns photo, kind, strength and seed.
    #[arg(long)]
    pub ladders: bool,
    /// Say too how the figures of N random fifths of the photos spread, as papers with random splits report them.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1000))]
    pub splits: Option<u16>,
    /// Photos with the same value in this column lie on one side of a split, as they would in training.
    #[arg(long, value_name = "NAME", requires = "splits")]
    pub group_column: Option<String>,
    #[command(flatten)]
    pub crops: CropArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Start of the random numbers of crops and of resamples.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Only the first rows of each CSV.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Write how far the scores of each scene can be relied on, as measured on these photos, for `gamma convert --reliability`. They must be photos
    /// that the model has neither learned from nor been chosen by.
    #[arg(long, value_name = "FILE")]
    pub reliability: Option<PathBuf>,
    /// Write a scatter plot.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// A dataset of the paper, or none of them.
#[derive(Debug, Clone, Copy)]
pub struct Published(Option<&'static paper::Dataset>);

fn dataset(name: &str) -> Result<Published, String> {
    if name.eq_ignore_ascii_case("other") {
        return Ok(Published(None));
    }
    paper::Dataset::find(name)
        .map(|found| Published(Some(found)))
        .ok_or_else(|| {
            let names: Vec<&str> = paper::DATASETS.iter().map(|dataset| dataset.name).collect();
            format!("the paper has {}; `other` for none of them", names.join(", "))
        })
}

/// What is asked about one CSV.
#[derive(Debug, Clone)]
pub struct Source {
    pub csv: PathBuf,
    pub images: PathBuf,
    /// `None` for the model's default.
    pub scene: Option<String>,
    pub image_column: String,
    pub label_column: String,
    pub lower_better: bool,
    pub ladders: bool,
    pub group_column: Option<String>,
    pub paper: Option<&'static paper::Dataset>,
}

impl Eval {
    /// What belongs together.
    ///
    /// # Errors
    /// [`Error::Option`] if there is neither one value for all CSVs nor one for each.
    pub fn sources(&self) -> Result<Vec<Source>> {
        let count = self.csv.len();
        let of = |index: usize| -> Result<Source> {
            let paper = match self.dataset.is_empty() {
                true => None,
                false => each("dataset", &self.dataset, index, count)?.0,
            };
            Ok(Source {
                csv: self.csv[index].clone(),
                images: each("images", &self.images, index, count)?.clone(),
                scene: match self.scene.is_empty() {
                    true => None,
                    false => Some(each("scene", &self.scene, index, count)?.clone()),
                },
                image_column: each("image-column", &self.image_column, index, count)?.clone(),
                label_column: each("label-column", &self.label_column, index, count)?.clone(),
                ladders: self.ladders,
                group_column: self.group_column.clone(),
                lower_better: self.lower_better || paper.is_some_and(|paper| paper.lower_better),
                paper,
            })
        };
        (0..count).map(of).collect()
    }

    /// Refuses a plot that could not be written once everything is scored.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn check_svg(&self) -> Result<()> {
        let folder = |path: &Path| {
            path.parent()
                .is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir())
        };
        match &self.svg {
            Some(path) if path.is_dir() || !folder(path) => Err(Error::Option {
                name: "svg",
                reason: format!("{} cannot be a file: it is a folder, or in none", path.display()),
            }),
            _ => Ok(()),
        }
    }
}

/// The value for the CSV at `index` of `count`.
fn each<'a, T>(name: &'static str, values: &'a [T], index: usize, count: usize) -> Result<&'a T> {
    match values {
        [value] => Ok(value),
        _ if values.len() == count => Ok(&values[index]),
        _ => Err(Error::Option {
            name,
            reason: format!(
                "{} values for {count} CSVs; give one for all, or one for each",
                values.len()
            ),
        }),
    }
}
