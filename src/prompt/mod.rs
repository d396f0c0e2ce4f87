//! Prompts: the five quality levels, the scenes they are put into, and CLIP's tokenizer.
//!
//! A scene is a template such as `"natural {level}-quality image"`. Its five prompts are tokenized here and go through
//! the text tower once; an image is then compared with the five results. Text goes through `clean` (repair and
//! HTML unescaping), `words` (CLIP's pre-tokenisation) and `bpe` (byte pairs to ids). All of that is the feature `prompts`:
//! in a browser it is in a module of its own, since few callers ask about scenes of their own.

mod scene;

#[cfg(feature = "prompts")]
mod bpe;
#[cfg(feature = "prompts")]
mod clean;
#[cfg(feature = "prompts")]
mod html;
#[cfg(feature = "prompts")]
mod mojibake;
#[cfg(feature = "prompts")]
mod nfc;
#[cfg(feature = "prompts")]
mod tokenizer;
#[cfg(feature = "prompts")]
mod width;
#[cfg(feature = "prompts")]
mod words;

pub use scene::{DEFAULT_SCENE, LEVELS, Scene};
#[cfg(feature = "prompts")]
pub use tokenizer::{CONTEXT, END, START, Tokenizer, Tokens};
