//! Scenes: what the image is of, as the text that each quality level is put into.

use crate::error::{Error, Result};

/// The five quality levels, worst first: the order of a model's level values and of every five numbers reported.
pub const LEVELS: [&str; 5] = ["bad", "poor", "fair", "good", "perfect"];

/// The scene of callers who name none, where the model has it.
pub const DEFAULT_SCENE: &str = "natural-quality";

/// Where the level goes in a template.
const SLOT: &str = "{level}";
/// Longest scene id, in bytes.
const ID_MAX: usize = 64;

/// Id and template of each scene that the published model was trained for.
const PUBLISHED: [(&str, &str); 6] = [
    ("generic", "{level} image"),
    ("natural-quality", "natural {level}-quality image"),
    ("ai-generated-quality", "AI-generated {level}-quality image"),
    ("underwater-quality", "underwater {level}-quality image"),
    ("face-quality", "face {level}-quality image"),
    ("natural-aesthetics", "natural {level}-aesthetics image"),
];

/// A kind of image and what is asked of it (quality, aesthetics): five prompts made from one template.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Scene {
    /// What callers name the scene by: 1 to 64 of `a-z`, `0-9` and `-`.
    pub id: String,
    /// The prompt, with `{level}` once in place of the level.
    pub template: String,
}

impl Scene {
    /// The generic scene (level and "image" alone) and the five scenes of the published model, generic first.
    pub fn published() -> Vec<Scene> {
        let scene = |(id, template): (&str, &str)| Scene {
            id: id.into(),
            template: template.into(),
        };
        PUBLISHED.into_iter().map(scene).collect()
    }

    /// A scene of the caller's own.
    ///
    /// # Errors
    /// [`Error::SceneInvalid`] if `id` is not 1 to 64 of `a-z`, `0-9` and `-`, or if `template` does not have
    /// `{level}` exactly once.
    pub fn new(id: impl Into<String>, template: impl Into<String>) -> Result<Self> {
        let (id, template) = (id.into(), template.into());
        match problem(&id, &template) {
            None => Ok(Self { id, template }),
            Some(reason) => Err(Error::SceneInvalid { id: shown(id), reason }),
        }
    }

    /// The prompts of the five [`LEVELS`], in their order.
    pub fn prompts(&self) -> [String; 5] {
        LEVELS.map(|level| self.template.replacen(SLOT, level, 1))
    }

    /// The token ids of the five prompts, each from its start to its end token, as a text tower takes them.
    ///
    /// # Errors
    /// [`Error::SceneInvalid`] if a prompt is longer than 77 tokens.
    #[cfg(feature = "prompts")]
    pub fn token_ids(&self, tokenizer: &super::Tokenizer) -> Result<Vec<Vec<u32>>> {
        let ids = |prompt: String| match tokenizer.tokenize(&prompt) {
            tokens if tokens.truncated => {
                Err(self.refusal(format!("\"{prompt}\" is longer than {} tokens", super::CONTEXT)))
            }
            tokens => Ok(tokens.ids),
        };
        self.prompts().into_iter().map(ids).collect()
    }

    /// Whether a text tower can read `prompts`, the token ids of the five prompts.
    ///
    /// # Errors
    /// [`Error::SceneInvalid`] if they are not five of at least one token, if one is longer than `context` tokens, or if an id is not
    /// below `vocabulary`.
    pub fn check_token_ids(&self, prompts: &[Vec<u32>], vocabulary: usize, context: usize) -> Result<()> {
        if prompts.len() != LEVELS.len() || prompts.iter().any(Vec::is_empty) {
            return Err(self.refusal(format!("it has {} prompts instead of {}", prompts.len(), LEVELS.len())));
        }
        for (ids, prompt) in prompts.iter().zip(self.prompts()) {
            if ids.len() > context {
                return Err(self.refusal(format!("\"{prompt}\" is longer than {context} tokens")));
            }
            if ids.iter().any(|&id| id as usize >= vocabulary) {
                return Err(self.refusal(format!("the model's vocabulary of {vocabulary} is not CLIP's")));
            }
        }
        Ok(())
    }

    fn refusal(&self, reason: String) -> Error {
        Error::SceneInvalid {
            id: self.id.clone(),
            reason,
        }
    }
}

/// Why a scene cannot be used, if it cannot.
fn problem(id: &str, template: &str) -> Option<String> {
    if id.is_empty() || id.len() > ID_MAX {
        return Some(format!("the id has {} bytes; 1 to {ID_MAX} are allowed", id.len()));
    }
    if let Some(c) = id.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        return Some(format!("the id holds {c:?}; a-z, 0-9 and - are allowed"));
    }
    if template.trim().is_empty() {
        return Some("the template is empty".into());
    }
    match template.matches(SLOT).count() {
        1 => None,
        n => Some(format!("the template has {SLOT} {n} times; it needs it once")),
    }
}

/// An id as the error message shows it: cut, since it may be of any length.
fn shown(id: String) -> String {
    match id.char_indices().nth(ID_MAX) {
        Some((end, _)) => format!("{}...", &id[..end]),
        None => id,
    }
}
