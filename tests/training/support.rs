//! Models and runs that several tests begin with.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use burn::tensor::Device;
use gamma_wasm::{
    model::{Config, Entry, TowerConfig},
    train::{Parameters, Scenes, Session, TrainConfig, config::OptimizerConfig, initial},
};
use safetensors::SafeTensors;

use super::small::{NETWORK, eight_photos};

pub fn scenes() -> Scenes {
    Scenes::Learned(vec!["natural-quality".into()])
}

pub fn parameters(
    config: &Config,
    known: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    optimizer: &OptimizerConfig,
) -> Parameters {
    let begin = |entry: &Entry| initial(entry, config, 7);
    Parameters::new(
        config,
        &[("natural-quality".into(), [5, config.embed_dim])],
        known,
        optimizer,
        &Device::flex(),
        begin,
    )
    .expect("a model")
}

/// Two blocks, one of them with experts, on patches.
pub fn small() -> Config {
    Config {
        image: 224,
        patch: 56,
        stem: None,
        vision: TowerConfig {
            width: 64,
            layers: 2,
            moae_from: 1,
            context_length: 17,
            ratio: 2,
        },
        text: None,
        embed_dim: 32,
        adapter: 16,
        experts: 2,
    }
}

/// A folder of eight photos and their labels, and a configuration that learns them.
pub struct Run(pub PathBuf);

impl Drop for Run {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Run {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "gamma-training-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        eight_photos(&folder);
        Self(folder)
    }

    /// A run of `epochs` into the folder `output`, with `more` lines of configuration at the top.
    pub fn config(&self, output: &str, epochs: usize, optimizer: &str) -> TrainConfig {
        let text = format!(
            r#"
            name = "eight"
            output = "{output}"
            {NETWORK}
            [schedule]
            epochs = {epochs}
            batch = 4
            checkpoint_every = 3
            [optimizer]
            lr = 2e-3
            {optimizer}
            [[dataset]]
            name = "eight"
            scene = "natural-quality"
            labels = "labels.csv"
            validation = "labels.csv"
            images = ""
            range = [0, 100]
            "#
        );
        let mut config = TrainConfig::parse(&text).expect("a configuration");
        config.data = self.0.clone();
        config.output = self.0.join(output);
        config
    }

    /// The same with `epochs` of twenty steps, not two, so that little time goes into checkpoints and judging.
    pub fn long(&self, output: &str, epochs: usize) -> TrainConfig {
        let mut config = self.config(output, epochs, "");
        config.datasets[0].repeats = 10.0;
        config.schedule.checkpoint_every = 1000;
        config
    }

    pub fn file(&self, output: &str, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(output).join(name)).expect("a file of the run")
    }

    /// A tensor of the checkpoint.
    pub fn tensor(&self, output: &str, name: &str) -> Vec<u8> {
        let bytes = self.file(output, "checkpoint.safetensors");
        let file = SafeTensors::deserialize(&bytes).expect("valid");
        file.tensor(&format!("value/{name}")).expect("a tensor").data().to_vec()
    }

    /// The log without the times, which differ.
    pub fn log(&self, output: &str) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.file(output, "log.jsonl")).expect("text");
        text.lines()
            .map(|line| {
                let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
                line["seconds_left"] = serde_json::Value::Null;
                line
            })
            .collect()
    }
}

pub fn to_the_end(config: TrainConfig) -> Session {
    let mut session = Session::open(config).expect("a run");
    session
        .run(&mut |_| ControlFlow::Continue(()))
        .expect("a run")
        .expect("to its end");
    session
}
