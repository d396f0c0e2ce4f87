//! Pixels and a scene to an [`Assessment`]: the one place where it all meets.

mod assessment;
mod info;
mod job;
mod kriging;
#[cfg(any(feature = "cli", feature = "web"))]
mod likeness;
mod precision;
#[cfg(any(feature = "cli", feature = "bench"))]
pub mod spot_checks;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use burn::tensor::{Device, Tensor};

use crate::{
    Error, Result,
    image::{CropChoice, CropOptions, CropPolicy, Origin, Pixels, Preparation},
    model::{Config, Gamma, LevelFeatures, TOKEN_EMBEDDING, TextTower},
    ops,
    prompt::{DEFAULT_SCENE, LEVELS, Scene},
    weights::{self, Assembly, Checkpoint, FaultClaim, Reliability, Tensors, TextFiles},
};

#[cfg(feature = "prompts")]
use crate::prompt::Tokenizer;

pub use assessment::{Assessment, CropScore, Finding, Levels, ScoreInterval, Size};
pub use info::{ModelInfo, TextTowerState};
use job::Fault;
pub use job::Job;
#[cfg(feature = "train")]
pub(crate) use job::NEEDS_NO_WHY;
use kriging::Kriging;

/// What is asked of one photo.
#[derive(Debug, Clone, Default)]
pub struct ScoreOptions {
    /// Where to look; what is not said is as the model states ([`Preparation`]).
    pub crops: CropChoice,
    /// As the published loader: photos are not scaled, and those with a side below the crop are refused.
    pub parity: bool,
    /// Stop as soon as the score of each scene asked for lies within this of what all planned crops would give, in about 95 of 100
    /// photos. Crops that tell most of the others are scored first. Without it, all of them are scored, in their order.
    pub tolerance: Option<f32>,
}

/// A loaded model and the scenes it can be asked about.
pub struct Scorer {
    /// The vision tower and the head.
    gamma: Arc<Gamma>,
    /// The text tower; empty until it is loaded, then for all that share the model.
    text: Arc<OnceLock<TextTower>>,
    text_files: Option<TextFiles>,
    info: ModelInfo,
    device: Device,
    scenes: Vec<Scene>,
    /// `[5 * domains, embed_dim]` for each scene whose features are known.
    text_features: BTreeMap<String, Tensor<2>>,
    /// Scenes and features as the weights have them, whatever was added since.
    own: (Vec<Scene>, BTreeMap<String, Tensor<2>>),
    /// What each level is worth, bad to perfect.
    worth: [f32; LEVELS.len()],
}

impl Scorer {
    /// Builds the model out of a checkpoint.
    ///
    /// # Errors
    /// If a tensor is missing, extra or of the wrong shape, or if the device fails.
    pub async fn load(checkpoint: Checkpoint) -> Result<Self> {
        let mut tensors = checkpoint.tensors;
        let config = &checkpoint.config;
        let text_tower = tensors.contains(TOKEN_EMBEDDING);
        let mut scenes = checkpoint.scenes;
        scenes.retain(|scene| text_tower || tensors.contains(&weights::text_features_name(&scene.id)));
        let mut gamma = Gamma::load(config, &mut tensors)?;
        let text_features = stored_text_features(&scenes, config, &mut tensors)?;
        let mut info = ModelInfo::new(
            &checkpoint.metadata,
            checkpoint.config,
            checkpoint.parameters,
            text_tower || checkpoint.text_files.is_some(),
            checkpoint.photo,
        );
        if let Some(metadata) = &checkpoint.scene_file {
            info.extend(metadata);
        }
        let device = tensors.device().clone();
        tensors.finish()?;
        check_findings(&info.findings, &text_features)?;
        if scenes.is_empty() {
            return Err(Error::Config(
                "it has neither a text tower nor the text features of a scene".into(),
            ));
        }
        let text = gamma.text.take().map_or_else(OnceLock::new, OnceLock::from);
        let read = ops::read(gamma.head.score_level.val()).await?;
        let worth = std::array::from_fn(|level| read.get(level).copied().unwrap_or_default());
        Ok(Self {
            gamma: Arc::new(gamma),
            text: Arc::new(text),
            text_files: checkpoint.text_files,
            info,
            device,
            own: (scenes.clone(), text_features.clone()),
            scenes,
            text_features,
            worth,
        })
    }

    /// The same model, its weights in memory once, with its own scenes: those of the weights, not those added to this one.
    pub fn share(&self) -> Self {
        let (scenes, text_features) = self.own.clone();
        Self {
            gamma: Arc::clone(&self.gamma),
            text: Arc::clone(&self.text),
            text_files: self.text_files.clone(),
            info: self.info.clone(),
            device: self.device.clone(),
            scenes,
            text_features,
            own: self.own.clone(),
            worth: self.worth,
        }
    }

    /// How many crops are best scored at a time where the model is ([`Job::step`]).
    #[cfg(feature = "cli")]
    pub fn batch(&self) -> usize {
        ops::batch(&self.device)
    }

    /// Whether it is on a GPU.
    #[cfg(feature = "cli")]
    pub fn on_gpu(&self) -> bool {
        !ops::is_cpu(&self.device)
    }

    /// What the weights are.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Whether the text tower is there.
    pub fn text_tower(&self) -> TextTowerState {
        match (self.text.get(), &self.text_files) {
            (Some(_), _) => TextTowerState::Loaded,
            (None, Some(_)) => TextTowerState::Separate,
            (None, None) => TextTowerState::None,
        }
    }

    /// An assembly of the text tower's own files.
    ///
    /// # Errors
    /// [`Error::Config`] if it has none.
    pub fn text_assembly(&self) -> Result<Assembly> {
        match &self.text_files {
            Some(files) => Ok(Assembly::of_text(self.device.clone(), files)),
            None => Err(Error::Config("it has no text tower in files of its own".into())),
        }
    }

    /// Takes in the text tower that [`text_assembly`](Self::text_assembly) put together, for all that share the model. A
    /// second one is dropped.
    ///
    /// # Errors
    /// [`Error::Config`] if it is of another model, or as [`TextTower::load`].
    pub async fn add_text(&mut self, checkpoint: Checkpoint) -> Result<()> {
        if checkpoint.config != self.info.config {
            return Err(Error::Config("the text tower is of a model of other dimensions".into()));
        }
        let mut tensors = checkpoint.tensors;
        let text = TextTower::load(&self.info.config, &mut tensors)?;
        tensors.finish()?;
        // Another one that shares the model may have been faster: both are the same.
        let _ = self.text.set(text);
        Ok(())
    }

    /// The scenes that can be asked about.
    pub fn scenes(&self) -> impl Iterator<Item = &Scene> {
        let own = |scene: &Scene| self.own.0.contains(scene);
        self.scenes
            .iter()
            .filter(move |scene| self.info.offers(&scene.id) || !own(scene))
    }

    /// The scene of a caller who names none: [`DEFAULT_SCENE`], or the first one of a model without it.
    pub fn default_scene(&self) -> &str {
        let known = self.scenes().find(|scene| scene.id == DEFAULT_SCENE);
        known.or(self.scenes().next()).map_or(DEFAULT_SCENE, |scene| &scene.id)
    }

    /// How far scores of a scene can be relied on, as the weights state; `None` for a scene of one's own, also if it has the id of one of theirs.
    pub fn reliability(&self, id: &str) -> Option<&Reliability> {
        let scene = self.scenes().find(|scene| scene.id == id)?;
        self.own.0.contains(scene).then(|| self.info.reliability.get(id))?
    }

    /// The faults that explain scores of a scene, as the weights state, with their places among `scenes`; `None` if they state none, or if the scene is
    /// one's own.
    fn faults(&self, id: &str, scenes: &[String]) -> Option<Vec<Fault>> {
        let own = |id: &str| {
            self.own
                .0
                .iter()
                .any(|scene| scene.id == id && self.scenes.contains(scene))
        };
        let claims = || self.info.findings.iter().filter(|claim| claim.scene == id);
        let fault = |claim: &FaultClaim| {
            let scene = scenes.iter().position(|scene| *scene == claim.fault && own(scene))?;
            let claim = claim.clone();
            Some(Fault { scene, claim })
        };
        (own(id) && claims().next().is_some()).then(|| claims().filter_map(fault).collect())
    }

    /// Scenes of the weights whose prompts still have to be read by the text tower ([`read_scene`](Self::read_scene)).
    pub fn unread_scenes(&self) -> impl Iterator<Item = &Scene> {
        self.scenes
            .iter()
            .filter(|scene| !self.text_features.contains_key(&scene.id))
    }

    /// Reads the prompts of a scene, given as their token ids: one of the weights, or one of one's own, which replaces one of the same
    /// id.
    ///
    /// # Errors
    /// [`Error::SceneInvalid`] if the model has no text tower, or it cannot read these ids.
    pub fn read_scene(&mut self, scene: Scene, prompts: &[Vec<u32>]) -> Result<()> {
        let (Some(text), Some(config)) = (self.text.get(), &self.info.config.text) else {
            return Err(Error::SceneInvalid {
                id: scene.id,
                reason: match self.text_files {
                    Some(_) => "the text tower has not been loaded yet".into(),
                    None => "the model has no text tower".into(),
                },
            });
        };
        scene.check_token_ids(prompts, config.vocabulary, config.tower.context_length)?;
        let features = text.forward(prompts);
        let (own, own_features) = &mut self.own;
        if own.contains(&scene) {
            own_features.insert(scene.id.clone(), features.clone());
        }
        self.text_features.insert(scene.id.clone(), features);
        match self.scenes.iter_mut().find(|known| known.id == scene.id) {
            Some(known) => *known = scene,
            None => self.scenes.push(scene),
        }
        Ok(())
    }

    /// Reads the prompts of all scenes that are not read yet.
    ///
    /// # Errors
    /// As [`read_scene`](Self::read_scene), or if a prompt has too many tokens.
    #[cfg(feature = "prompts")]
    pub fn read_scenes(&mut self, tokenizer: &Tokenizer) -> Result<()> {
        let unread: Vec<Scene> = self.unread_scenes().cloned().collect();
        unread.into_iter().try_for_each(|scene| {
            let prompts = scene.token_ids(tokenizer)?;
            self.read_scene(scene, &prompts)
        })
    }

    /// Scores a black crop, so that a GPU has compiled all that it needs before the first photo. Without prompts that were read there is
    /// nothing to be scored yet.
    ///
    /// # Errors
    /// As [`job`](Self::job) and [`Job::step`].
    pub async fn warm_up(&self) -> Result<()> {
        if self.text_features.is_empty() {
            return Ok(());
        }
        let side = self.info.config.image as u32;
        let pixels = Pixels {
            width: side,
            height: side,
            rgb: vec![0; 3 * (side * side) as usize],
        };
        let crops = CropChoice {
            policy: Some(CropPolicy::Center),
            ..CropChoice::default()
        };
        let options = ScoreOptions {
            crops,
            parity: true,
            tolerance: None,
        };
        self.job(pixels, &options)?.step(1).await?;
        Ok(())
    }

    /// The crops that a photo is going to have: as the caller says, else as the model says, else as for the published model.
    pub fn crop_options(&self, options: &ScoreOptions) -> CropOptions {
        options.crops.or(self.info.photo.crop_choice()).options()
    }

    /// Plans the scoring of one photo. Scenes added later are not in it.
    ///
    /// # Errors
    /// If the options are out of range, or the photo is too small under `parity`.
    pub fn job(&self, pixels: Pixels, options: &ScoreOptions) -> Result<Job> {
        let photo = &self.info.photo;
        let short_side = |pixels: &Pixels| pixels.width.min(pixels.height);
        let (before, origin) = (short_side(&pixels), Origin::from(&pixels));
        let as_is = Preparation::default();
        let photo = if options.parity { &as_is } else { photo };
        let pixels = if options.parity { pixels } else { photo.apply(pixels)? };
        let scale = f64::from(short_side(&pixels)) / f64::from(before.max(1));
        let crops = self.crop_options(options);
        let plan = photo.plan(pixels.width, pixels.height, &crops)?;
        if let Some(tolerance) = options.tolerance
            && !(tolerance > 0.0 && tolerance.is_finite())
        {
            return Err(Error::Option {
                name: "tolerance",
                reason: "it has to be a number above 0".into(),
            });
        }
        let (scenes, features) = self.read_features();
        let faults = scenes.iter().map(|id| self.faults(id, &scenes)).collect();
        let intervals = scenes.iter().map(|id| Some(self.reliability(id)?.interval)).collect();
        if features.is_empty() {
            return Err(Error::Tokenizer(
                "the model's prompts have not been read yet; it needs CLIP's merges".into(),
            ));
        }
        Ok(Job {
            gamma: Arc::clone(&self.gamma),
            device: self.device.clone(),
            level_features: self.level_features(features),
            scenes,
            worth: self.worth,
            faults,
            intervals,
            pixels,
            origin,
            scale: scale as f32,
            options: crops,
            tolerance: options.tolerance,
            normalization: self.info.config.normalization(),
            kriging: Kriging::new(&plan, options.tolerance.is_some()),
            plan,
            answers: Vec::new(),
        })
    }

    /// The scenes that can be asked about, and `[5 * domains, embed_dim]` of each.
    /// The features of scenes' levels, one beside the other.
    fn level_features(&self, of_scenes: Vec<Tensor<2>>) -> LevelFeatures {
        let config = &self.info.config;
        LevelFeatures::new(of_scenes, config.embed_dim, config.statistics())
    }

    fn read_features(&self) -> (Vec<String>, Vec<Tensor<2>>) {
        let read = |scene: &Scene| Some((scene.id.clone(), self.text_features.get(&scene.id)?.clone()));
        self.scenes.iter().filter_map(read).unzip()
    }

    /// Scores a photo in one go: all crops, then each of `scenes`.
    ///
    /// # Errors
    /// As [`job`](Self::job), [`Job::step`] and [`Job::assess`].
    pub async fn score(&self, pixels: Pixels, scenes: &[&str], options: &ScoreOptions) -> Result<Vec<Assessment>> {
        let mut job = self.job(pixels, options)?;
        while !scenes.iter().all(|scene| job.is_settled(scene)) {
            job.step(1).await?;
        }
        scenes.iter().map(|scene| job.assess(scene)).collect()
    }
}

/// Text features that the file carries as `text_features.{scene}`, `[5 * domains, embed_dim]`.
fn stored_text_features(
    scenes: &[Scene],
    config: &Config,
    tensors: &mut Tensors,
) -> Result<BTreeMap<String, Tensor<2>>> {
    let mut features = BTreeMap::new();
    for scene in scenes {
        let name = weights::text_features_name(&scene.id);
        let shape = LevelFeatures::shape(&tensors.shape(&name), config);
        if let Some(tensor) = tensors.take_optional(&name, shape)? {
            features.insert(scene.id.clone(), tensor);
        }
    }
    Ok(features)
}

/// Each form of a fault has level features of its own in the fault's scene.
///
/// # Errors
/// [`Error::WeightsMetadata`] naming the fault whose features are not there, or of another number.
fn check_findings(findings: &[FaultClaim], features: &BTreeMap<String, Tensor<2>>) -> Result<()> {
    for FaultClaim { fault, forms, .. } in findings {
        let wanted = forms.len().max(1);
        let found = features.get(fault).map_or(0, |rows| rows.dims()[0] / LEVELS.len());
        if found != wanted {
            return Err(Error::WeightsMetadata(format!(
                "`findings`: `{fault}` needs the level features of {wanted} forms, `text_features.{fault}` has those of {found}"
            )));
        }
    }
    Ok(())
}
