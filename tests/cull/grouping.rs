//! Grouping and choosing on made bursts.

use std::env;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use gamma_wasm::group::{Candidate, Kind, Likeness, Look, Shot, THRESHOLD, choose, group_at, segments};
use gamma_wasm::image::{Capture, DecodeOptions, decode};
use gamma_wasm::scorer::{ScoreOptions, Scorer};
use gamma_wasm::weights::Assembly;

use crate::made::{Frame, Made, bursts, panorama, sources};

fn model() -> Scorer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/gamma-lite.safetensors");
    let mut assembly = Assembly::new(Device::flex());
    assembly.begin("model.safetensors", None).unwrap();
    assembly.push(&std::fs::read(path).unwrap()).unwrap();
    pollster::block_on(Scorer::load(assembly.finish().unwrap())).unwrap()
}

/// As the command does it.
fn look(scorer: &Scorer, file: &[u8]) -> (Likeness, Candidate) {
    let photo = &scorer.info().photo;
    let options = DecodeOptions {
        short_side: photo.short_side,
        ..DecodeOptions::default()
    };
    let pixels = photo.apply(decode(file, &options).unwrap().pixels).unwrap();
    let likeness = pollster::block_on(scorer.likeness(&pixels)).unwrap();
    let look = Look::of(&pixels);
    let scene = scorer.default_scene().to_owned();
    let assessment = &pollster::block_on(scorer.score(pixels, &[&scene], &ScoreOptions::default())).unwrap()[0];
    (
        likeness,
        Candidate {
            percent: assessment.percent,
            look,
        },
    )
}

/// Groups as places of frames.
fn grouped(captures: &[Capture], likenesses: &[Likeness], threshold: f32) -> Vec<(Kind, Vec<usize>)> {
    let names: Vec<String> = (0..captures.len()).map(|at| format!("{at:05}")).collect();
    let photos: Vec<(&Capture, &str)> = captures.iter().zip(names.iter().map(String::as_str)).collect();
    let mut groups = Vec::new();
    for segment in segments(&photos) {
        let shots: Vec<Shot> = segment
            .iter()
            .map(|&at| Shot {
                capture: captures[at].clone(),
                likeness: likenesses[at].clone(),
            })
            .collect();
        groups.extend(group_at(&shots, threshold).into_iter().map(|group| {
            (
                group.kind,
                group.shots.iter().map(|&shot| segment[shot]).collect::<Vec<_>>(),
            )
        }));
    }
    groups
}

/// Photos and bursts of the measurement: `npm run test:cull -- FOLDER` sets both.
fn asked() -> (Vec<PathBuf>, usize) {
    let folder = env::var_os("GAMMA_PHOTOS").map(PathBuf::from);
    let most = env::var("GAMMA_BURSTS").map_or(6, |number| number.parse().unwrap());
    (sources(folder.as_deref()), most)
}

#[test]
fn bursts_among_look_alikes_are_found_and_a_blurred_frame_is_not_the_best() {
    let (photos, most) = asked();
    let scorer = model();
    let frames = bursts(&photos, most);
    let scenes = frames.last().map_or(0, |frame| frame.scene + 1);
    let (likenesses, candidates): (Vec<Likeness>, Vec<Candidate>) =
        frames.iter().map(|frame| look(&scorer, &frame.file)).unzip();
    let captures: Vec<Capture> = frames.iter().map(|frame| frame.capture.clone()).collect();
    let groups = grouped(&captures, &likenesses, THRESHOLD);
    assert_eq!(
        groups.iter().map(|(_, members)| members.len()).sum::<usize>(),
        frames.len()
    );

    let (precision, recall, f1) = pairs(&frames, &groups);
    println!("{scenes} bursts, {} frames, {} groups", frames.len(), groups.len());
    println!("pairs: precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}");
    let (mut with_worse, mut fine) = (0, 0);
    for (_, members) in &groups {
        let worse = members.iter().filter(|&&at| frames[at].made == Made::Blurred).count();
        if worse == 0 || worse == members.len() {
            continue;
        }
        let choice = choose(&members.iter().map(|&at| candidates[at]).collect::<Vec<_>>()).unwrap();
        with_worse += 1;
        fine += usize::from(frames[members[choice.best]].made != Made::Blurred);
    }
    println!("the frame made worse is not the best in {fine} of {with_worse} groups");
    let whole = groups.iter().filter(|(kind, _)| kind.is_whole()).count();
    println!("taken for sets: {whole} groups");
    around(&frames, &likenesses);
    for threshold in (-5..=5).map(|step| THRESHOLD + 0.03 * step as f32) {
        let (precision, recall, f1) = pairs(&frames, &grouped(&captures, &likenesses, threshold));
        println!("threshold {threshold:.2}: precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}");
    }
    assert!(f1 >= 0.95, "pairwise F1 {f1}");
    assert!(fine as f64 >= 0.95 * with_worse as f64 && with_worse >= scenes / 2);
    assert!(whole * 50 <= scenes, "{whole} sets among bursts");
}

/// Precision, recall and F1 of the pairs that are in one group.
fn pairs(frames: &[Frame], groups: &[(Kind, Vec<usize>)]) -> (f64, f64, f64) {
    let mut group_of = vec![0; frames.len()];
    for (number, (_, members)) in groups.iter().enumerate() {
        members.iter().for_each(|&at| group_of[at] = number);
    }
    let (mut found, mut right, mut all) = (0.0, 0.0, 0.0);
    for a in 0..frames.len() {
        for b in 0..a {
            let (together, same) = (group_of[a] == group_of[b], frames[a].scene == frames[b].scene);
            found += f64::from(u8::from(together));
            all += f64::from(u8::from(same));
            right += f64::from(u8::from(together && same));
        }
    }
    let (precision, recall) = (right / f64::max(found, 1.0), right / f64::max(all, 1.0));
    (
        precision,
        recall,
        2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE),
    )
}

/// Says how alike frames of one scene and of others are, which is what the threshold lies between.
fn around(frames: &[Frame], likenesses: &[Likeness]) {
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for a in 0..frames.len() {
        for b in 0..a {
            let list = if frames[a].scene == frames[b].scene {
                &mut same
            } else {
                &mut other
            };
            list.push(likenesses[a].alike(&likenesses[b]));
        }
    }
    for (name, list, parts) in [
        ("same", &mut same, [0.0, 0.01, 0.05, 0.5]),
        ("others", &mut other, [0.5, 0.99, 0.999, 1.0]),
    ] {
        list.sort_by(f32::total_cmp);
        let at = |part: f64| {
            list.get((part * (list.len().max(1) - 1) as f64) as usize)
                .copied()
                .unwrap_or(f32::NAN)
        };
        println!(
            "{name}: {}",
            parts
                .map(|part| format!("{}% {:.3}", part * 100.0, at(part)))
                .join(", ")
        );
    }
}

#[test]
fn views_that_overlap_are_a_panorama() {
    let scorer = model();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let views = panorama(&root.join("www/samples/city-at-night.webp"), 0.4);
    assert!(views.len() >= 3);
    let likenesses: Vec<Likeness> = views.iter().map(|view| look(&scorer, view).0).collect();
    let captures: Vec<Capture> = (0..views.len())
        .map(|at| Capture {
            time: Some(at as f64 * 2.5),
            ..Capture::default()
        })
        .collect();
    assert_eq!(
        grouped(&captures, &likenesses, THRESHOLD),
        [(Kind::Panorama, (0..views.len()).collect())]
    );
    // Without a clock they are no set.
    assert!(
        grouped(&vec![Capture::default(); views.len()], &likenesses, THRESHOLD)
            .iter()
            .all(|(kind, _)| !kind.is_whole())
    );
}
