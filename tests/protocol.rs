//! What `docs/training.md` promises of cross-validation, splits, and datasets that share a model.
#![cfg(feature = "train")]

#[path = "common/small.rs"]
mod small;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use gamma_wasm::weights::convert::open;
use serde_json::Value;
use small::NETWORK;

/// A folder of twelve photos, two of each group, and a configuration that learns them.
struct Run(PathBuf);

impl Drop for Run {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const HEAD: &str = r#"
name = "twelve"
output = "out"
data = ""
"#;

const TRAINING: &str = r#"
[schedule]
epochs = 1
batch = 2
[optimizer]
lr = 2e-3
[validation]
crops = 1
final_crops = 1
"#;

const DATASET: &str = r#"
[[dataset]]
name = "twelve"
scene = "natural-quality"
labels = "labels.csv"
validation = "judge.csv"
group_column = "group"
images = ""
range = [0, 100]
"#;

impl Run {
    fn new(more: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("gamma-protocol-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut tables = [String::from("image,mos,group\n"), String::from("image,mos,group\n")];
        for index in 0..12_u32 {
            let tint = (index * 20) as u8;
            let picture =
                image::RgbImage::from_fn(226, 224, |x, y| image::Rgb([tint, (x % 200) as u8, (y % 99) as u8]));
            picture.save(folder.join(format!("{index}.png"))).unwrap();
            let row = format!("{index}.png,{},group {}\n", 20 + (index * 37) % 70, index / 2);
            tables[usize::from(index >= 8)] += &row;
        }
        fs::write(folder.join("labels.csv"), &tables[0]).unwrap();
        fs::write(folder.join("judge.csv"), &tables[1]).unwrap();
        fs::write(
            folder.join("run.toml"),
            format!("{HEAD}{NETWORK}{TRAINING}{DATASET}{more}"),
        )
        .unwrap();
        Self(folder)
    }

    fn train(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gamma"));
        command
            .arg("train")
            .arg(self.0.join("run.toml"))
            .args(more)
            .output()
            .unwrap()
    }

    /// The photos in a file of predictions.
    fn predicted(&self, output: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(self.0.join("out").join(output).join("predictions.csv")).unwrap();
        text.lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().to_owned())
            .collect()
    }
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The last line, as JSON.
fn last(output: &Output) -> Value {
    serde_json::from_str(said(output).lines().last().unwrap()).unwrap()
}

#[test]
fn folds_hold_each_photo_out_once_whole_groups_at_a_time() {
    let run = Run::new("");
    let summary = last(&run.train(&["--folds", "2", "--json"]));
    let [first, second] = [run.predicted("fold-1-of-2"), run.predicted("fold-2-of-2")];
    assert!(
        first.is_disjoint(&second) && first.len() + second.len() == 12,
        "{first:?} {second:?}"
    );
    let groups = |photos: &BTreeSet<String>| -> BTreeSet<u32> {
        photos
            .iter()
            .map(|name| name.trim_end_matches(".png").parse::<u32>().unwrap() / 2)
            .collect()
    };
    assert!(groups(&first).is_disjoint(&groups(&second)));
    assert_eq!(
        (&summary["dataset"], &summary["runs"], &summary["photos"]),
        (&"twelve".into(), &2.into(), &12.into())
    );
    assert!(summary["together"]["srcc"]["low"].is_number(), "{summary}");
    // The second time nothing is trained: the same figures.
    let again = run.train(&["--folds", "2"]);
    let median = summary["srcc"]["median"].as_f64().unwrap();
    assert!(
        said(&again).contains(&format!("SRCC  {median:.4} [")),
        "{}",
        said(&again)
    );
}

#[test]
fn one_of_the_splits_can_be_taken_alone() {
    let run = Run::new("");
    let summary = last(&run.train(&["--splits", "9", "--only", "2", "--json"]));
    assert_eq!(summary["runs"], 1);
    assert!(summary.get("together").is_none(), "{summary}");
    assert!(!run.0.join("out/split-1-of-9").exists());
    let refused = run.train(&["--splits", "9", "--only", "10"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(run.train(&["--folds", "1"]).status.code(), Some(2));
}

#[test]
fn the_last_run_learns_from_all_photos_and_so_does_what_comes_first() {
    let run = Run::new("");
    let first = HEAD.replace("\"out\"", "\"first\"");
    fs::write(run.0.join("first.toml"), format!("{first}{NETWORK}{TRAINING}{DATASET}")).unwrap();
    let config = format!("{HEAD}[model]\ninit = \"first.toml\"\n{TRAINING}{DATASET}");
    fs::write(run.0.join("run.toml"), config).unwrap();
    let output = run.train(&["--all"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        told.matches("12 photos to learn from, 0 to judge by").count(),
        2,
        "{told}"
    );
    // Nothing is said of how good it is: nobody can know.
    assert!(!said(&output).contains("SRCC"), "{}", said(&output));
    assert!(run.0.join("first/all/model.safetensors").exists());
    let model = open(&run.0.join("out/all/model.safetensors")).unwrap();
    assert!(!model.metadata().contains_key("reliability"), "{:?}", model.metadata());
    assert_eq!(run.train(&["--all", "--folds", "2"]).status.code(), Some(2));
}

#[test]
fn what_comes_first_is_split_alike_whatever_its_seed() {
    let run = Run::new("");
    let first = HEAD.replace("\"out\"", "\"first\"") + "seed = 9\n";
    fs::write(run.0.join("first.toml"), format!("{first}{NETWORK}{TRAINING}{DATASET}")).unwrap();
    let goes_on = |model: &str, teacher: &str| {
        let dataset = DATASET.replace("range", &format!("teachers = [\"{teacher}\"]\nrange"));
        let config = format!("{HEAD}seed = 4\n[model]\ninit = \"{model}\"\n{TRAINING}{dataset}");
        fs::write(run.0.join("run.toml"), config).unwrap();
    };
    goes_on("first.toml", "first.toml");
    let output = run.train(&["--folds", "3"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !told.contains("warning"), "{told}");
    for fold in ["fold-1-of-3", "fold-2-of-3", "fold-3-of-3"] {
        let before = run.predicted(&format!("../first/{fold}"));
        assert!(before == run.predicted(fold) && before.len() < 12, "{fold}");
    }
    // Of a file nobody knows what it has learned from.
    goes_on("first.toml", "first/fold-1-of-3/model.safetensors");
    let told = String::from_utf8_lossy(&run.train(&["--splits", "9", "--only", "2"]).stderr).into_owned();
    assert!(told.contains("first/fold-1-of-3/model.safetensors is a file"), "{told}");
}

#[test]
fn scenes_that_help_and_lines_to_labels_are_learned_and_not_stored() {
    let other = DATASET
        .replace("twelve", "other")
        .replace("range", "affine = true\nauxiliary = [\"other\"]\nrange");
    let run = Run::new(&other);
    let said = said(&run.train(&[]));
    assert!(said.contains("twelve: SRCC") && said.contains("other: SRCC"), "{said}");
    let tensors = |name: &str| -> Vec<String> {
        let file = open(&run.0.join("out").join(name)).unwrap();
        file.tensors().iter().map(|tensor| tensor.name.clone()).collect()
    };
    let checkpoint = tensors("checkpoint.safetensors");
    for learned in ["value/affine.other", "value/text_features.other"] {
        assert!(checkpoint.iter().any(|name| name == learned), "{learned}");
    }
    let scenes: Vec<String> = tensors("model.safetensors")
        .into_iter()
        .filter(|name| name.starts_with("text_features.") || name.starts_with("affine."))
        .collect();
    assert_eq!(scenes, ["text_features.natural-quality"]);
}

#[test]
fn a_run_can_end_before_its_epochs_do() {
    let run = Run::new("");
    let text = fs::read_to_string(run.0.join("run.toml")).unwrap();
    // Four steps an epoch.
    let text = text.replace("epochs = 1", "epochs = 3\nkeep = \"last\"\nsteps = 6\ncooldown = 2");
    fs::write(run.0.join("run.toml"), text).unwrap();
    assert!(said(&run.train(&[])).contains("(epoch 2)"));
    let log = fs::read_to_string(run.0.join("out/log.jsonl")).unwrap();
    assert_eq!(log.matches(r#""event":"step""#).count(), 6);
    assert!(said(&run.train(&[])).contains("(epoch 2)"), "it is over");
}

#[test]
fn the_last_epoch_is_kept_if_asked_for() {
    let run = Run::new("");
    let text = fs::read_to_string(run.0.join("run.toml")).unwrap();
    let text = text.replace("epochs = 1", "epochs = 3\nkeep = \"last\"");
    fs::write(run.0.join("run.toml"), text).unwrap();
    assert!(said(&run.train(&[])).contains("(epoch 3)"));
}
