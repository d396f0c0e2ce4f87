//! Every step of the model against the published implementation's tensors (`tests/golden/README.md`).

mod common;

use burn::tensor::{Device, Tensor, TensorData};
use common::{Golden, checkpoint, crops, folder, prompts};
use gamma_wasm::{
    image::{self, CropChoice, CropPolicy, DecodeOptions, Normalization, Pixels},
    model::{Block, Config, FeedForward, Gamma, LevelFeatures},
    prompt::{LEVELS, Scene, Tokenizer},
    scorer::{ScoreOptions, Scorer},
};

/// Intermediates, absolute. The reference's own rounding noise is about 1e-6.
const STEP: f32 = 2e-5;
/// Features of a region of which 57 pixels were read by another JPEG decoder, absolute.
const LOSSY: f32 = 2e-4;
/// Scores, absolute.
const SCORE: f32 = 1e-5;

fn gamma(name: &str) -> Gamma {
    let mut checkpoint = checkpoint(name, 1 << 20);
    let gamma = Gamma::load(&checkpoint.config, &mut checkpoint.tensors).expect("the weights fit");
    checkpoint.tensors.finish().expect("no tensor is left");
    gamma
}

/// The numbers and names beside the golden tensors.
fn json(name: &str) -> serde_json::Value {
    let json = std::fs::read_to_string(folder(name).join("golden.json")).expect("golden.json");
    serde_json::from_str(&json).expect("golden.json is JSON")
}

/// Padded token ids of the first prompt set, five of 77.
fn first_prompts(golden: &Golden) -> Vec<Vec<u32>> {
    let (shape, ids) = golden.get("text.token_ids");
    let prompt = |ids: &[f32]| ids.iter().map(|&id| id as u32).collect();
    ids.chunks(shape[2]).take(shape[1]).map(prompt).collect()
}

fn tokens(x: &Tensor<3>) -> usize {
    x.dims()[1]
}

#[test]
fn presets_are_the_dimensions_of_the_checkpoints() {
    assert_eq!(checkpoint("tiny", 1 << 20).config, Config::tiny());
    assert_eq!(checkpoint("micro", 1 << 20).config, Config::micro());
}

#[test]
fn normalized_input_agrees() {
    Golden::open("tiny").agree("input_normalized", crops().narrow(0, 0, 1), STEP);
}

fn inside_a_block(golden: &Golden, prefix: &str, block: &Block, x: Tensor<3>, mask: Option<Tensor<2>>) {
    let agree = |name: &str, found| golden.agree(&format!("{prefix}.{name}"), found, STEP);
    let ln_1 = block.ln_1.forward(x.clone());
    agree("ln_1", ln_1.clone());
    let attention = block.attn.forward_onto(x.zeros_like(), ln_1, mask);
    agree("attn", attention.clone());
    let ln_2 = block.ln_2.forward(x.clone() + attention);
    agree("ln_2", ln_2.clone());
    agree("mlp", block.mlp.forward_onto(x.zeros_like(), ln_2.clone()));
    if let FeedForward::Moae(moae) = &block.mlp {
        agree("shared_expert", moae.shared.forward_onto(x.zeros_like(), ln_2.clone()));
        for (k, expert) in moae.experts.iter().enumerate() {
            agree(
                &format!("expert_{k}"),
                expert.forward_onto(x.zeros_like(), ln_2.clone()),
            );
        }
    }
}

/// Router weights of every MoAE block for as many rows as the golden has.
fn gates(golden: &Golden, prefix: &str, blocks: &[Block], mut x: Tensor<3>, mask: Option<Tensor<2>>) {
    for (index, block) in blocks.iter().enumerate() {
        if let FeedForward::Moae(moae) = &block.mlp {
            let normed = block.ln_1.forward(x.clone());
            let attended = block.attn.forward_onto(x.clone(), normed, mask.clone());
            golden.agree(
                &format!("{prefix}.block.{index}.gate"),
                moae.gate(block.ln_2.forward(attended)),
                STEP,
            );
        }
        x = block.forward(x.clone(), tokens(&x), mask.clone());
    }
}

fn vision_tower(name: &str, with_insides: bool) {
    let (golden, gamma) = (Golden::open(name), gamma(name));
    let (visual, crop) = (&gamma.visual, crops().narrow(0, 0, 1));
    let patches = visual.stem.forward(crop.clone()).cells;
    let [_, count, width] = patches.dims();
    let side = count.isqrt();
    golden.agree(
        "vision.patch_embed_nchw",
        patches.swap_dims(1, 2).reshape([1, width, side, side]),
        STEP,
    );
    let embedded = visual.embed(crop);
    golden.agree("vision.embeddings", embedded.clone(), STEP);
    let mut x = visual.ln_pre.forward(embedded);
    golden.agree("vision.ln_pre", x.clone(), STEP);
    for (index, block) in visual.blocks.iter().enumerate() {
        if with_insides && (index == 0 || index == 6) {
            inside_a_block(&golden, &format!("vision.block.{index}"), block, x.clone(), None);
        }
        x = block.forward(x.clone(), tokens(&x), None);
        golden.agree(&format!("vision.block.{index}.out"), x.clone(), STEP);
    }
    let two = visual.ln_pre.forward(visual.embed(crops().narrow(0, 0, 2)));
    gates(&golden, "vision", &visual.blocks, two.clone(), None);
    let last = visual
        .blocks
        .iter()
        .fold(two, |x, block| block.forward(x.clone(), tokens(&x), None));
    let class: Tensor<2> = last.narrow(1, 0, 1).squeeze_dim(1);
    golden.agree("vision.ln_post_cls", visual.ln_post.forward(class), STEP);
}

#[test]
fn every_step_of_the_vision_tower_agrees_on_tiny() {
    vision_tower("tiny", true);
}

#[test]
fn every_step_of_the_vision_tower_agrees_on_micro() {
    vision_tower("micro", false);
}

#[test]
fn the_end_of_the_text_tower_agrees_on_micro() {
    let (golden, gamma) = (Golden::open("micro"), gamma("micro"));
    let text = gamma.text.as_ref().expect("a text tower");
    let ids = first_prompts(&golden);
    golden.agree("text.ln_final", text.ln_final.forward(text.transform(&ids)), STEP);
}

#[test]
fn inputs_of_other_sizes_agree_with_and_without_positions() {
    let (golden, gamma) = (Golden::open("tiny"), gamma("tiny"));
    let visual = &gamma.visual;
    let photo = std::fs::read(folder("preprocess/images/coffee.jpg")).expect("the golden photo");
    let options = DecodeOptions {
        parity: true,
        ..DecodeOptions::default()
    };
    let mut photo = image::decode(&photo, &options).expect("a JPEG").pixels;
    // The golden crops hold nearly all of both regions as the reference's JPEG decoder read them; 57 pixels are ours.
    let (_, crops) = golden.get("crops_u8");
    for (crop, origin) in crops
        .chunks(224 * 224 * 3)
        .zip(json("tiny")["crop_coords_yx"].as_array().expect("origins"))
    {
        let at = |axis: usize| origin[axis].as_u64().expect("an origin") as usize;
        for (row, values) in crop.chunks(224 * 3).enumerate() {
            let start = ((at(0) + row) * photo.width as usize + at(1)) * 3;
            photo.rgb[start..start + values.len()]
                .iter_mut()
                .zip(values)
                .for_each(|(p, &v)| *p = v as u8);
        }
    }
    let names = golden.names("posinterp.", ".input_yx");
    assert!(!names.is_empty());
    for name in names {
        let (_, region) = golden.get(&format!("{name}.input_yx"));
        let [y, x, height, width] = region
            .iter()
            .map(|&v| v as usize)
            .collect::<Vec<_>>()
            .try_into()
            .expect("y, x, h, w");
        let pixel = |c: usize, row: usize, column: usize| {
            let value = photo.rgb[((y + row) * photo.width as usize + x + column) * 3 + c];
            (f32::from(value) / 255.0 - Normalization::CLIP.mean[c]) / Normalization::CLIP.std[c]
        };
        let values: Vec<f32> = (0..3 * height * width)
            .map(|i| pixel(i / (height * width), i / width % height, i % width))
            .collect();
        let input = Tensor::<4>::from_data(TensorData::new(values, [1, 3, height, width]), &Device::flex());
        let tokens = visual.tokens(input.clone());
        golden.agree(
            &format!("{name}.pos_embedding"),
            visual.positions(tokens.dims()[1]),
            STEP,
        );
        golden.agree(&format!("{name}.features"), visual.forward(input), LOSSY);
        golden.agree(&format!("{name}.features_no_pos"), visual.encode(tokens), LOSSY);
    }
}

#[test]
fn every_step_of_the_text_tower_agrees_on_tiny() {
    let (golden, gamma) = (Golden::open("tiny"), gamma("tiny"));
    let text = gamma.text.as_ref().expect("a text tower");
    let ids = first_prompts(&golden);
    let two = &ids[..2];
    let mask = Some(gamma_wasm::model::causal_mask(77, &Device::flex()));
    let mut x = text.embed(two);
    for (index, block) in text.blocks.iter().enumerate() {
        if index == 0 || index == 6 {
            inside_a_block(&golden, &format!("text.block.{index}"), block, x.clone(), mask.clone());
        }
        x = block.forward(x, 77, mask.clone());
        golden.agree(&format!("text.block.{index}.out"), x.clone(), STEP);
    }
    gates(&golden, "text", &text.blocks, text.embed(&ids), mask);
    golden.agree("text.ln_final", text.ln_final.forward(text.transform(&ids)), STEP);
}

/// From features to scores, for every prompt set and all ten crops.
fn features_and_scores(name: &str) {
    let (golden, gamma) = (Golden::open(name), gamma(name));
    let features = gamma.visual.forward(crops());
    golden.agree("all.features", features.clone(), STEP);
    golden.agree("vision.features", features.clone().narrow(0, 0, 2), STEP);
    let adapted = gamma.head.adapter.forward(features.clone());
    golden.agree("all.adapter_out", adapted.clone(), STEP);
    golden.agree("vision.adapter_out", adapted.clone().narrow(0, 0, 2), STEP);
    golden.agree("all.features_after_adapter", features.clone() + adapted, STEP);
    golden.agree("all.features_normalized", gamma.head.adapt(features.clone()), STEP);

    let text = gamma.text.as_ref().expect("a text tower");
    // Unpadded prompts: this also shows that tokens after the end token change nothing.
    let of_scenes: Vec<Tensor<2>> = prompts(&golden).iter().map(|set| text.forward(set)).collect();
    let text_features: Tensor<3> = Tensor::stack(of_scenes.clone(), 0);
    golden.agree("text.features_normalized", text_features.clone(), STEP);
    let features_of_any_length = prompts(&golden).iter().map(|set| text.features(set)).collect();
    golden.agree("text.features", Tensor::stack::<3>(features_of_any_length, 0), STEP);
    golden.agree("f64.text_features_normalized", text_features, STEP);
    golden.agree("f64.features_normalized", gamma.head.adapt(features.clone()), STEP);
    let rows = Tensor::cat(of_scenes.clone(), 0);
    let logits = gamma.head.logits(gamma.head.adapt(features.clone()), rows);
    let [crops, rows] = logits.dims();
    let logits: Tensor<3> = logits.reshape([crops, rows / LEVELS.len(), LEVELS.len()]);
    golden.agree("logits", logits.swap_dims(0, 1), STEP);
    let [_, embed_dim] = of_scenes[0].dims();
    let levels = gamma
        .head
        .levels(features, &LevelFeatures::new(of_scenes, embed_dim, 0));
    golden.agree("probs", levels.clone().swap_dims(0, 1), STEP);
    let scores = gamma.head.score(levels).transpose();
    golden.agree("scores", scores.clone(), SCORE);
    golden.agree("f64.scores", scores.clone(), SCORE);
    golden.agree("scores_mean", scores.mean_dim(1).squeeze_dim::<1>(1), SCORE);
}

#[test]
fn features_levels_and_scores_agree_on_tiny() {
    features_and_scores("tiny");
}

#[test]
fn features_levels_and_scores_agree_on_micro() {
    features_and_scores("micro");
}

#[test]
fn scorer_gives_the_published_scores_for_every_scene() {
    let golden = Golden::open("tiny");
    let mut scorer = pollster::block_on(Scorer::load(checkpoint("tiny", 4096))).expect("the weights fit");
    pollster::block_on(scorer.warm_up()).expect("nothing to be scored yet");
    scorer.read_scenes(&Tokenizer::clip()).expect("CLIP's vocabulary");
    pollster::block_on(scorer.warm_up()).expect("a black crop");
    let json = json("tiny");
    let (_, crops) = golden.get("crops_u8");
    let options = ScoreOptions {
        crops: CropChoice {
            policy: Some(CropPolicy::Center),
            ..CropChoice::default()
        },
        parity: true,
        tolerance: None,
    };
    let names = [
        ("generic", "naive"),
        ("natural-quality", "natural quality image"),
        ("ai-generated-quality", "AI-generated quality image"),
        ("underwater-quality", "underwater quality image"),
        ("face-quality", "face quality image"),
        ("natural-aesthetics", "natural aesthetic image"),
    ];
    assert_eq!(
        names.map(|(id, _)| id.to_owned()).to_vec(),
        Scene::published().iter().map(|s| s.id.clone()).collect::<Vec<_>>()
    );
    for (index, crop) in crops.chunks(224 * 224 * 3).enumerate() {
        let pixels = Pixels {
            width: 224,
            height: 224,
            rgb: crop.iter().map(|&v| v as u8).collect(),
        };
        let found = pollster::block_on(scorer.score(pixels, &names.map(|(id, _)| id), &options)).expect("a score");
        for (assessment, (id, name)) in found.iter().zip(names) {
            let expected = json["scores"][name]["per_crop"][index].as_f64().expect("a score") as f32;
            assert!(
                (assessment.score - expected).abs() <= SCORE,
                "{id}, crop {index}: {} {expected}",
                assessment.score
            );
        }
    }
}

#[test]
fn a_tolerance_is_about_the_scenes_that_are_asked_for() {
    let mut scorer = pollster::block_on(Scorer::load(checkpoint("tiny", 4096))).expect("the weights fit");
    scorer.read_scenes(&Tokenizer::clip()).expect("CLIP's vocabulary");
    let (width, height) = (500, 400);
    let pixel = |at: u32| ((at % width / 9) * (at / width / 7) * 37 + at % 13) as u8;
    let pixels = Pixels {
        width,
        height,
        rgb: (0..width * height)
            .flat_map(|at| [pixel(at), pixel(at / 2), pixel(at / 3)])
            .collect(),
    };
    let options = ScoreOptions {
        tolerance: Some(0.01),
        ..ScoreOptions::default()
    };
    let scenes: Vec<String> = scorer.scenes().map(|scene| scene.id.clone()).collect();
    let crops = |scenes: &[&str]| {
        let found = pollster::block_on(scorer.score(pixels.clone(), scenes, &options)).expect("scores");
        assert!(found.iter().all(|assessment| assessment.uncertainty <= 0.01));
        found[0].crops.len()
    };
    let each: Vec<usize> = scenes.iter().map(|id| crops(&[id])).collect();
    let all = crops(&scenes.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(Some(&all), each.iter().max());
    assert!(each.iter().any(|&crops| crops < all), "{each:?}");
}
