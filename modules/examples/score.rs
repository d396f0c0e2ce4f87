//! `score [--half] [--policy NAME] WEIGHTS|b16 PHOTO...`: what our shaders on this machine's adapter say of photos, a JSON object a line, as `gamma score --json`.
//! `--half` has large matrices in codes be multiplied in half precision; `b16` is a model of the published size with random weights.

use gamma_wasm::{
    bench::random,
    image::{CropChoice, DecodeOptions, decode},
    model::Config,
    ops,
    prompt::Tokenizer,
    scorer::{ScoreOptions, Scorer},
    weights::Assembly,
};
use pollster::block_on;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = ScoreOptions::default();
    let mut arguments = std::env::args().skip(1).peekable();
    let half = arguments.next_if_eq("--half").is_some();
    if arguments.next_if_eq("--policy").is_some() {
        options.crops = CropChoice {
            policy: Some(arguments.next().ok_or("which policy?")?.parse()?),
            ..CropChoice::default()
        };
    }
    let weights = arguments.next().ok_or("which weights?")?;
    let gpu = block_on(gamma_webgpu::open())?;
    eprintln!("{}", gpu.adapter.get_info().name);
    if half && !gpu.has_half() {
        return Err("this adapter has no half precision".into());
    }
    ops::use_half_precision(half);
    let mut assembly = Assembly::new(ops::gpu_device());
    let weights = match weights.as_str() {
        "b16" => random(&Config::b16(), "B/16, random weights"),
        file => std::fs::read(file)?,
    };
    for piece in weights.chunks(1 << 20) {
        assembly.push(piece)?;
    }
    let mut scorer = block_on(Scorer::load(assembly.finish()?))?;
    if scorer.unread_scenes().next().is_some() {
        scorer.read_scenes(&Tokenizer::clip())?;
    }
    let scene = scorer.default_scene().to_owned();
    let decoding = DecodeOptions {
        short_side: scorer.info().photo.short_side,
        ..DecodeOptions::default()
    };
    for path in arguments {
        let pixels = decode(&std::fs::read(path)?, &decoding)?.pixels;
        let found = block_on(scorer.score(pixels, &[&scene], &options))?;
        let [assessment] = found.as_slice() else {
            return Err("one scene has one score".into());
        };
        println!("{{\"score\": {}}}", assessment.score);
    }
    Ok(())
}
