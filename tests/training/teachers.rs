//! Datasets whose labels are other models' scores.

use gamma_wasm::train::{Session, TrainConfig};

use super::support::{Run, to_the_end};

#[test]
fn what_teachers_say_is_learned_and_not_the_label_file() {
    let run = Run::new();
    to_the_end(run.long("teacher", 15));
    let mut turned = String::from("image,mos\n");
    for index in 0..8_u32 {
        turned += &format!("{index}.png,{}\n", 75 - (index * 37) % 70);
    }
    std::fs::write(run.0.join("turned.csv"), turned).expect("written");
    let mut config = run.long("student", 15);
    config.datasets[0].labels = "turned.csv".into();
    let teacher = run.0.join("teacher/model.safetensors");
    config.datasets[0].teachers = vec![teacher.clone(), teacher];
    let session = to_the_end(config);
    let last = session.state.epochs.last().expect("an epoch");
    assert!(last.validation[0].plcc > Some(0.9), "{last:?}");
}

#[test]
fn a_teacher_without_the_scene_is_refused() {
    let run = Run::new();
    to_the_end(run.config("teacher", 1, ""));
    let mut config = run.config("student", 1, "");
    config.datasets[0].scene = "underwater-quality".into();
    config.datasets[0].teachers = vec![run.0.join("teacher/model.safetensors")];
    let error = Session::open(config).err().expect("refused");
    assert_eq!(error.code(), "train");
    assert!(error.to_string().contains("underwater-quality"), "{error}");
}

#[test]
fn runs_that_teach_come_first_each_once() {
    let run = Run::new();
    let folder = &run.0;
    let text = |model: &str, teachers: &str| {
        format!(
            "name = 'a'\noutput = 'out-{}'\n[model]\n{model}\n[schedule]\nepochs = 1\nbatch = 1\n[[dataset]]\nname = 'd'\n\
             scene = 'generic'\nimages = '.'\nlabels = 'l.csv'\nrange = [0, 1]\nteachers = [{teachers}]\n",
            teachers.len()
        )
    };
    std::fs::write(folder.join("a.toml"), text("preset = 'micro'", "")).expect("written");
    std::fs::write(folder.join("b.toml"), text("preset = 'micro'", "'x.safetensors'")).expect("written");
    let student = text("init = 'a.toml'", "'a.toml', 'b.toml', 'y.safetensors'");
    std::fs::write(folder.join("c.toml"), student).expect("written");
    let mut config = TrainConfig::open(&folder.join("c.toml")).expect("a configuration");
    let models = |config: &TrainConfig| config.first.iter().map(TrainConfig::model_file).collect::<Vec<_>>();
    let [a, b] = [
        folder.join("out-0/model.safetensors"),
        folder.join("out-15/model.safetensors"),
    ];
    assert_eq!(models(&config), [a.clone(), b.clone()]);
    assert_eq!(config.datasets[0].teachers, [a, b, folder.join("y.safetensors")]);
    // Where the runs write to is where their models are looked for.
    config.change(&mut |run| run.output = run.output.join("moved"));
    let moved = models(&config);
    assert_eq!(config.model.init, Some(moved[0].clone()));
    assert_eq!(config.datasets[0].teachers[..2], moved);
}
