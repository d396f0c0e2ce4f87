//! What `docs/distortions.md` promises of datasets of distorted photos: what is held out stays unseen, the making survives
//! a kill, labels are those of the files, and a run learns from them and is judged by ladders.
#![cfg(feature = "train")]

#[path = "common/small.rs"]
mod small;

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use gamma_wasm::image::{DecodeOptions, Pixels, decode};
use gamma_wasm::metrics::Protocol;
use gamma_wasm::train::distorted::config::{DistortConfig, HeldOut, ListConfig};
use gamma_wasm::train::distorted::draw::{Part, Recipe, Task};
use gamma_wasm::train::distorted::folder::{Progress, generate};
use gamma_wasm::train::distorted::prepare;
use gamma_wasm::train::distortion::Distortion;
use gamma_wasm::train::{Sample, Session, TrainConfig};
use small::NETWORK;

/// A folder of a test's own, with six clean photos in its folder `clean`.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("gamma-distorted-{}-{count}", std::process::id()));
        fs::create_dir_all(folder.join("clean")).unwrap();
        for index in 0..6_u32 {
            let picture = image::RgbImage::from_fn(72, 64, |x, y| {
                let wave = (f64::from(x * (index + 2)) / 9.0).sin() * (f64::from(y) / 7.0).cos();
                let value = (128.0 + 90.0 * wave) as u8;
                image::Rgb([value, (40 * index) as u8, 255 - value])
            });
            picture.save(folder.join(format!("clean/{index}.png"))).unwrap();
        }
        fs::write(folder.join("clean/notes.txt"), "no photo").unwrap();
        Self(folder)
    }

    fn recipe(&self, config: &DistortConfig, seed: u64) -> Recipe {
        Recipe::new("six", config, &self.0, seed, None).unwrap()
    }

    fn generate(&self, name: &str, recipe: &Recipe) -> PathBuf {
        let folder = self.0.join(name);
        let flow = generate(recipe, &folder, 2, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(flow.is_continue());
        folder
    }
}

/// 24 distorted photos of three kinds at two strengths, two kinds and two photos held out.
fn config() -> DistortConfig {
    DistortConfig {
        clean: 0.1,
        kinds: vec![
            Distortion::Jpeg,
            Distortion::MeanShift,
            Distortion::GaussianBlur,
            Distortion::Darken,
        ],
        strengths: vec![0.4, 0.8],
        held_out: HeldOut {
            photos: 2,
            kinds: vec![Distortion::Darken, Distortion::Jitter],
            strengths: vec![0.9, 0.3, 0.6],
            ladders: 1,
        },
        ..DistortConfig::new("clean".into(), 24)
    }
}

fn of(tasks: &[Task], part: Part) -> Vec<&Task> {
    tasks.iter().filter(|task| task.part == part).collect()
}

fn set<T: Ord>(values: impl Iterator<Item = T>) -> BTreeSet<T> {
    values.collect()
}

#[test]
fn nothing_held_out_is_ever_learned_from() {
    let folder = Folder::new();
    let config = config();
    for seed in 0..20 {
        let tasks = folder.recipe(&config, seed).tasks();
        let (learned, judged): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| task.part == Part::Train);
        let photos = |tasks: &[&Task]| set(tasks.iter().map(|task| task.photo));
        assert_eq!(photos(&judged).len(), 2);
        assert!(photos(&learned).is_disjoint(&photos(&judged)));
        assert!(
            learned
                .iter()
                .all(|task| task.kind.is_none() || config.strengths.contains(&task.strength))
        );
        assert!(
            learned
                .iter()
                .all(|task| task.kind.is_none_or(|kind| !config.held_out.kinds.contains(&kind)))
        );
        assert!(
            judged
                .iter()
                .all(|task| config.held_out.strengths.contains(&task.strength))
        );
        for task in judged {
            let kind = task.kind.unwrap();
            assert_eq!(
                config.held_out.kinds.contains(&kind),
                task.part == Part::UnseenKinds,
                "{kind}"
            );
        }
    }
}

#[test]
fn kinds_take_turns_and_no_photo_comes_twice_before_all_have_come() {
    let folder = Folder::new();
    let tasks = folder.recipe(&config(), 3).tasks();
    let learned = of(&tasks, Part::Train);
    let (clean, distorted): (Vec<&Task>, Vec<&Task>) = learned.iter().partition(|task| task.kind.is_none());
    // A tenth of 24, each photo once.
    assert_eq!(clean.len(), 2);
    assert!(clean.iter().all(|task| task.strength == 0.0));
    for kind in [Distortion::Jpeg, Distortion::MeanShift, Distortion::GaussianBlur] {
        let of_kind = distorted.iter().filter(|task| task.kind == Some(kind));
        let choices: Vec<(usize, u32)> = of_kind.map(|task| (task.photo, task.strength.to_bits())).collect();
        // Four photos at two strengths.
        assert_eq!((choices.len(), set(choices.iter()).len()), (8, 8), "{kind}");
    }
    let seeds = set(distorted.iter().map(|task| task.seed));
    assert_eq!(seeds.len(), 24);
}

#[test]
fn judging_photos_come_as_whole_ladders() {
    let folder = Folder::new();
    let tasks = folder.recipe(&config(), 3).tasks();
    // One ladder of three steps for each of three kinds; two photos of each of two kinds.
    for (part, ladders) in [(Part::UnseenStrengths, 3), (Part::UnseenKinds, 4)] {
        let tasks = of(&tasks, part);
        assert_eq!(tasks.len(), ladders * 3);
        for ladder in tasks.chunks(3) {
            let strengths: Vec<f32> = ladder.iter().map(|task| task.strength).collect();
            assert_eq!(strengths, [0.3, 0.6, 0.9]);
            let same =
                |task: &&&Task| (task.photo, task.kind, task.seed) == (ladder[0].photo, ladder[0].kind, ladder[0].seed);
            assert!(ladder.iter().filter(same).count() == 3, "{ladder:?}");
        }
    }
}

#[test]
fn a_kind_that_is_named_twice_is_learned_twice_as_often_and_judged_once() {
    let folder = Folder::new();
    let mut config = config();
    config.kinds.push(Distortion::MeanShift);
    let tasks = folder.recipe(&config, 3).tasks();
    let count = |part: Part, kind: Distortion| of(&tasks, part).iter().filter(|task| task.kind == Some(kind)).count();
    assert_eq!(
        [Distortion::Jpeg, Distortion::MeanShift].map(|kind| count(Part::Train, kind)),
        [6, 12]
    );
    assert_eq!(count(Part::UnseenStrengths, Distortion::MeanShift), 3);
}

#[test]
fn the_seed_decides_what_is_drawn() {
    let folder = Folder::new();
    let tasks = |seed| folder.recipe(&config(), seed).tasks();
    assert_eq!(tasks(5), tasks(5));
    assert_ne!(tasks(5), tasks(6));
}

/// Rows of a label file by its columns.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(
        reader.headers().unwrap(),
        vec!["image", "mos", "kind", "strength", "seed", "photo"]
    );
    reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn pixels(path: &Path) -> Pixels {
    decode(&fs::read(path).unwrap(), &DecodeOptions::default())
        .unwrap()
        .pixels
}

#[test]
fn files_hold_what_their_rows_say() {
    let folder = Folder::new();
    let made = folder.generate("made", &folder.recipe(&config(), 0));
    let mut files = 0;
    for part in Part::ALL {
        for row in rows(&made.join(part.labels())) {
            let [image, mos, kind, strength, seed, photo] = row.try_into().unwrap();
            let clean = pixels(&folder.0.join("clean").join(&photo));
            let found = pixels(&made.join(&image));
            let (expected, label) = match kind.as_str() {
                "clean" => (clean.clone(), Distortion::Jpeg.label(0.0, 0).unwrap()),
                kind => {
                    let kind: Distortion = kind.parse().unwrap();
                    let (strength, seed) = (strength.parse().unwrap(), seed.parse().unwrap());
                    let distorted = kind.apply(&clean, strength, seed).unwrap();
                    (distorted, kind.label(strength, seed).unwrap())
                }
            };
            assert_eq!(found, expected, "{image}");
            assert_eq!(mos.parse::<f32>().unwrap(), label, "{image}");
            files += 1;
        }
    }
    assert_eq!(files, 2 + 24 + 9 + 12);
}

#[test]
fn what_was_made_before_a_kill_is_not_made_again_and_the_end_is_the_same() {
    let folder = Folder::new();
    let recipe = folder.recipe(&config(), 0);
    let whole = folder.generate("whole", &recipe);
    let cut = folder.0.join("cut");
    let ended = generate(&recipe, &cut, 2, &mut |progress| match progress.done {
        10 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(ended.unwrap().is_break());
    assert!(!cut.join(Part::Train.labels()).exists());
    // A kill can come in the middle of a line, and before a photo is in its place.
    let journal = cut.join("unfinished.csv");
    let text = fs::read_to_string(&journal).unwrap();
    let (kept, torn) = text.trim_end().rsplit_once('\n').unwrap();
    fs::write(&journal, format!("{kept}\n{}", &torn[..torn.len() - 3])).unwrap();
    let lost = kept.lines().next().unwrap().rsplit_once(',').unwrap().0;
    fs::remove_file(cut.join(lost)).unwrap();
    let mut heard: Vec<Progress> = Vec::new();
    let ended = generate(&recipe, &cut, 3, &mut |progress| {
        heard.push(progress.clone());
        ControlFlow::Continue(())
    });
    assert!(ended.unwrap().is_continue());
    assert_eq!(heard.first(), Some(&Progress { done: 9, total: 47 }));
    assert_eq!((heard.len(), heard.last().unwrap().done), (39, 47));
    assert!(!journal.exists());
    for part in Part::ALL {
        let name = part.labels();
        assert_eq!(
            fs::read_to_string(whole.join(name)).unwrap(),
            fs::read_to_string(cut.join(name)).unwrap()
        );
        for row in rows(&cut.join(name)) {
            assert!(
                fs::read(whole.join(&row[0])).unwrap() == fs::read(cut.join(&row[0])).unwrap(),
                "{}",
                row[0]
            );
        }
    }
    let again = generate(&recipe, &cut, 2, &mut |progress| panic!("made again: {progress:?}"));
    assert!(again.unwrap().is_continue());
}

#[test]
fn another_recipe_is_not_mixed_into_a_folder() {
    let folder = Folder::new();
    let made = folder.generate("made", &folder.recipe(&config(), 0));
    let refused = |recipe: &Recipe| {
        let error = generate(recipe, &made, 2, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(error.code(), "dataset");
        assert!(error.to_string().contains("another recipe"), "{error}");
    };
    refused(&folder.recipe(&config(), 1));
    refused(&folder.recipe(&DistortConfig { count: 25, ..config() }, 0));
    // The same names with other pixels are other photos.
    fs::copy(folder.0.join("clean/1.png"), folder.0.join("clean/0.png")).unwrap();
    refused(&folder.recipe(&config(), 0));
}

#[test]
fn what_would_show_a_model_its_judges_is_refused() {
    let folder = Folder::new();
    let refused = |change: fn(&mut DistortConfig), reason: &str| {
        let mut config = config();
        change(&mut config);
        let error = Recipe::new("six", &config, &folder.0, 0, None).unwrap_err();
        assert_eq!(error.code(), "dataset");
        assert!(error.to_string().contains(reason), "{error}");
    };
    refused(
        |config| config.held_out.strengths.push(0.8),
        "0.8, which is learned from",
    );
    refused(|config| config.held_out.photos = 0, "nothing to judge by");
    refused(
        |config| config.held_out.strengths.clear(),
        "needs photos, strengths and ladders",
    );
    refused(|config| config.held_out.photos = 6, "6 photos, of which 6 are held out");
    refused(|config| config.strengths = vec![0.0], "above 0");
    refused(|config| config.clean = f64::NAN, "distort.clean");
    refused(
        |config| config.kinds = vec![Distortion::Darken],
        "nothing to learn from",
    );
}

/// A run of a small model on distorted photos.
fn run(folder: &Folder, count: usize, more: &str) -> gamma_wasm::Result<TrainConfig> {
    let text = format!(
        r#"
        name = "six"
        output = "out"
        {NETWORK}
        [schedule]
        epochs = 1
        batch = 4
        [validation]
        crops = 1
        final_crops = 1
        [[dataset]]
        name = "six"
        scene = "natural-quality"
        range = [0, 1]
        {more}
        [dataset.distort]
        photos = "clean"
        count = {count}
        kinds = ["jpeg", "white-noise-ycbcr", "darken"]
        held_out = {{ photos = 2, kinds = ["darken"], strengths = [0.3, 0.5, 0.7], ladders = 2 }}
        "#
    );
    let mut config = TrainConfig::parse(&text)?;
    config.data.clone_from(&folder.0);
    config.output = folder.0.join("out");
    Ok(config)
}

#[test]
fn a_run_makes_its_photos_learns_from_them_and_is_judged_by_ladders() {
    let folder = Folder::new();
    let config = run(&folder, 8, "").unwrap();
    let mut made = 0;
    let flow = prepare(&config, &mut |progress| {
        made = progress.total;
        ControlFlow::Continue(())
    });
    assert!(flow.unwrap().is_continue());
    assert_eq!(made, 8 + 12 + 6);
    let mut session = Session::open(config.clone()).unwrap();
    assert_eq!(
        (session.datasets[0].train.len(), session.datasets[0].validation.len()),
        (8, 12)
    );
    let outcome = session.run(&mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    let order = outcome.validation[0].ladders.unwrap();
    assert_eq!((order.ladders, order.pairs), (4, 8));
    let log = fs::read_to_string(folder.0.join("out/log.jsonl")).unwrap();
    assert!(log.contains(r#""ladders":{"ladders":4,"pairs":8,"#), "{log}");
    // Where the photos lie says nothing about the run, so it can be gone on with from another folder.
    let mut moved = config;
    moved.datasets[0].distort.as_mut().unwrap().cache = Some(folder.0.join("elsewhere"));
    assert!(Session::open(moved).is_ok());
    assert!(folder.0.join("elsewhere/train.csv").is_file());
}

#[test]
fn a_run_finds_its_photos_from_a_relative_output_folder() {
    let folder = Folder::new();
    let mut config = run(&folder, 8, "").unwrap();
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    config.output = up.join(config.output.strip_prefix("/").unwrap());
    assert!(
        prepare(&config, &mut |_| ControlFlow::Continue(()))
            .unwrap()
            .is_continue()
    );
    assert_eq!(Session::open(config).unwrap().datasets[0].validation.len(), 12);
}

#[test]
fn a_dataset_has_one_kind_of_source() {
    let folder = Folder::new();
    for more in ["labels = \"labels.csv\"", "images = \"\"", "validation_fraction = 0.5"] {
        let error = run(&folder, 8, more).err().unwrap();
        assert!(
            error.to_string().contains("neither photos nor labels"),
            "{more}: {error}"
        );
    }
    let error = run(&folder, 8, "higher_is_better = false").err().unwrap();
    assert!(error.to_string().contains("range = [0, 1]"), "{error}");
    assert!(run(&folder, 8, "weight = 0.5").is_ok());
}

#[test]
fn the_command_makes_the_same_photos() {
    let folder = Folder::new();
    let made = folder.generate("made", &folder.recipe(&config(), 7));
    let out = folder.0.join("command");
    let gamma = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gamma"));
        command
            .arg("distort")
            .arg(folder.0.join("clean"))
            .arg("--dataset")
            .arg("--out")
            .arg(&out);
        command.args([
            "--kind",
            "jpeg,mean-shift,gaussian-blur,darken",
            "--strength",
            "0.4,0.8",
            "--seed",
            "7",
        ]);
        command.args([
            "--held-out-photos",
            "2",
            "--held-out-kinds",
            "darken,jitter",
            "--ladders",
            "1",
        ]);
        command.args(["--held-out-strengths", "0.9,0.3,0.6", "--clean", "0.1"]);
        command.args(more).output().unwrap()
    };
    let output = gamma(&["--count", "24"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("26 photos  ") && said.contains("\n12 photos  "),
        "{said}"
    );
    for part in Part::ALL {
        let name = part.labels();
        assert_eq!(
            fs::read_to_string(made.join(name)).unwrap(),
            fs::read_to_string(out.join(name)).unwrap()
        );
    }
    assert_eq!(gamma(&["--count", "25"]).status.code(), Some(2));
}

/// A list of the clean photos, of which 1 is not good enough; 4 and 5 show the same and are held out.
fn with_list(folder: &Folder, mut config: TrainConfig) -> TrainConfig {
    let rows = ["0.png,1,a", "1.png,0,b", "2.png,1,c", "3.png,1,d"].join("\n");
    fs::write(folder.0.join("list.csv"), format!("image,clean,group\n{rows}\n")).unwrap();
    fs::write(folder.0.join("judge.csv"), "image,clean,group\n4.png,1,e\n5.png,1,e\n").unwrap();
    let distort = config.datasets[0].distort.as_mut().unwrap();
    distort.photos = PathBuf::new();
    distort.lists = vec![ListConfig {
        labels: "list.csv".into(),
        validation: Some("judge.csv".into()),
        images: "clean".into(),
        all: false,
    }];
    config
}

fn names(samples: &[Sample]) -> Vec<&str> {
    samples.iter().map(|sample| sample.name.as_str()).collect()
}

#[test]
fn without_a_count_crops_are_distorted_anew_and_only_ladders_are_written() {
    let folder = Folder::new();
    let mut config = with_list(&folder, run(&folder, 0, "group = 3\nrepeats = 8").unwrap());
    config.loss.order = 0.5;
    let mut session = Session::open(config).unwrap();
    assert_eq!(names(&session.datasets[0].train), ["0.png", "2.png", "3.png"]);
    let judged = session.datasets[0].validation.iter();
    let photos = set(judged.map(|sample| sample.rung.as_ref().unwrap().photo().to_owned()));
    assert!(
        photos.iter().all(|photo| photo == "4.png" || photo == "5.png"),
        "{photos:?}"
    );
    session.run(&mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    // 24 crops, four of them a step.
    assert_eq!(session.state.step, 6);
    assert!(!folder.0.join("out/distorted/six/train.csv").exists());
    let predictions = fs::read_to_string(folder.0.join("out/predictions.csv")).unwrap();
    assert_eq!(predictions.lines().count(), 1 + 12);
}

#[test]
fn a_split_holds_out_clean_photos_of_lists_by_group() {
    let folder = Folder::new();
    let mut seen = BTreeSet::new();
    for split in Protocol::Folds(3).runs(0).unwrap() {
        let mut config = with_list(&folder, run(&folder, 0, "").unwrap());
        config.split = Some(split);
        config.output = folder.0.join(split.to_string());
        config.datasets[0].distort.as_mut().unwrap().held_out = HeldOut::default();
        let session = Session::open(config).unwrap();
        let learned: Vec<String> = names(&session.datasets[0].train)
            .into_iter()
            .map(str::to_owned)
            .collect();
        for (photo, group) in [
            ("0.png", "a"),
            ("2.png", "c"),
            ("3.png", "d"),
            ("4.png", "e"),
            ("5.png", "e"),
        ] {
            assert_eq!(
                learned.iter().any(|name| name == photo),
                !split.holds_out(group),
                "{photo}"
            );
            if split.holds_out(group) {
                seen.insert(photo);
            }
        }
    }
    assert_eq!(seen.len(), 5, "each is held out once");
}
