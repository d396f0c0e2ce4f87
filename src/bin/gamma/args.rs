//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};

use crate::crop_args::CropArgs;
use crate::cull::args::Cull;
use crate::default_model::{DEFAULT, Weights};
use crate::device_args::DeviceArgs;
use crate::eval::Eval;
use crate::exit::EXIT_STATUS;
use crate::serve::args::Service;

/// Scores photos with Gamma (Mixture of Assessment Experts).
#[derive(Debug, Parser)]
#[command(name = "gamma", version, after_help = EXIT_STATUS, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score photos.
    Score(Score),
    /// Say which photos of a folder to keep, one of each burst.
    Cull(Cull),
    /// Make files of weights of a checkpoint.
    Convert(Convert),
    /// Say what a file of weights holds, or what a photo declares about its origin.
    Inspect(Inspect),
    /// Check every byte of a file of weights.
    Verify(Verify),
    /// Compare scores with what people say.
    Eval(Eval),
    /// Measure what this machine's GPU computes in a second.
    #[cfg(feature = "wgpu")]
    Bench(crate::bench::Bench),
    /// Train a model.
    #[cfg(feature = "train")]
    Train(crate::train::Train),
    /// Make a clean photo worse, and measure by how much.
    #[cfg(feature = "train")]
    Distort(crate::distort::args::Distort),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS, args_override_self = true)]
pub struct Score {
    /// Photos, or folders of photos (JPEG, PNG, WebP, GIF, BMP, TIFF, camera RAW).
    #[cfg_attr(feature = "listen", arg(required_unless_present_any = ["serve", "listen"], value_name = "IMAGES"))]
    #[cfg_attr(
        not(feature = "listen"),
        arg(required_unless_present = "serve", value_name = "IMAGES")
    )]
    pub images: Vec<PathBuf>,
    /// The model: a safetensors file, a folder that `gamma convert` wrote, `default` for Gamma-Lite, which is in this program, or `ai` for
    /// Gamma-Lite with the scene of pictures made by AI, whose file `gamma-lite-ai.safetensors` is for non-commercial use only.
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT)]
    pub weights: Weights,
    /// What the photos are judged as, or `all` for every scene of the model; `natural-quality` if the model has it, else its first.
    #[arg(short, long, value_name = "ID")]
    pub scene: Option<String>,
    #[command(flatten)]
    pub crops: CropArgs,
    /// Start of the random numbers: the same seed gives the same crops.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Stop as soon as the score is, with 95% certainty, within X of that of all crops: 0.01 saves about half of them.
    #[arg(long, value_name = "X")]
    pub tolerance: Option<f32>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Look into the folders inside folders too.
    #[arg(short, long)]
    pub recursive: bool,
    /// Print one JSON object a line.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV with a header.
    #[arg(long)]
    pub csv: bool,
    #[command(flatten)]
    pub service: Service,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS, args_override_self = true)]
pub struct Inspect {
    /// A safetensors file, a folder that `gamma convert` wrote, `default` for the model in this program, or a photo.
    #[arg(default_value = DEFAULT)]
    pub file: Weights,
    /// List every tensor.
    #[arg(long)]
    pub tensors: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

const CONVERT_HELP: &str = "\
The published Gamma checkpoints are under CC BY-NC-SA 4.0, for non-commercial use only; what is converted from them keeps
that licence: --licence CC-BY-NC-SA-4.0.

Exit status: 0 all went well, 1 the files could not be written, 2 wrong usage, 3 the checkpoint could not be read.";

#[derive(Debug, Args)]
#[command(after_help = CONVERT_HELP, args_override_self = true)]
pub struct Convert {
    /// A .pth or .safetensors file, or a folder that an earlier run wrote.
    pub checkpoint: PathBuf,
    /// What weights are stored as: q8 is as good as plain 8 bits, q4 takes 4 bits a weight.
    #[arg(long, value_parser = ["f32", "f16", "q8", "q4"])]
    pub dtype: String,
    /// The folder that the files are written to.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Cut the model into files of at most so many megabytes.
    #[arg(long, value_name = "MB", value_parser = value_parser!(u64).range(1..=1_000_000))]
    pub shard_size: Option<u64>,
    /// Scenes whose text features are stored: all, none, or ids with commas between them.
    #[arg(long, value_name = "IDS", default_value = "all")]
    pub scenes: String,
    /// Write a scene file for this model, which has to be the checkpoint's own, quantised or not: the level features of `--scenes` alone.
    #[arg(long, value_name = "FILE")]
    pub extends: Option<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Leave the text tower out: no scenes of one's own can be added then.
    #[arg(long)]
    pub no_text: bool,
    /// The model's name.
    #[arg(long)]
    pub name: Option<String>,
    /// The licence of the weights.
    #[arg(long)]
    pub licence: Option<String>,
    /// Where the weights come from.
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
    /// What `gamma eval --reliability` wrote: how far the scores can be relied on.
    #[arg(long, value_name = "FILE")]
    pub reliability: Option<PathBuf>,
    /// Write bytes, bits and error of every tensor to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Replace the files of an earlier run.
    #[arg(long)]
    pub force: bool,
}

const VERIFY_HELP: &str = "\
Exit status: 0 all of it is as it should be, 1 something is not, 2 wrong usage.";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP, args_override_self = true)]
pub struct Verify {
    /// A safetensors file, a folder or its index, the URL of one of them, or `default` for the model in this program.
    #[arg(default_value = DEFAULT)]
    pub target: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
