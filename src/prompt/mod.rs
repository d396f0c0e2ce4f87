//! Prompts: the five quality levels, the scenes they are put into, and CLIP's tokenizer.
//!
//! A scene is a template such as `"natural {level}-quality image"`. Its five prompts are tokenized here and go through
//! the text tower once; an image is then compared with the five results. Text goes through [`clean`] (repair and
//! HTML unescaping), [`words`] (CLIP's pre-tokenisation) and [`bpe`] (byte pairs to ids).

mod bpe;
mod clean;
mod html;
mod mojibake;
mod nfc;
mod scene;
mod tokenizer;
mod width;
mod words;

pub use scene::{DEFAULT_SCENE, LEVELS, Scene};
pub use tokenizer::{CONTEXT, END, START, Tokenizer, Tokens};
