//! CLIP's tokenizer: text to the 77 ids that the text tower reads.

use super::bpe::Bpe;
use super::{clean, words};
use crate::error::Result;

/// Id that starts every row.
pub const START: u32 = 49_406;
/// Id that ends every row.
pub const END: u32 = 49_407;
/// Ids in a row, start and end included.
pub const CONTEXT: usize = 77;

/// CLIP's tokenizer. Takes about 0.4 MB.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    bpe: Bpe,
}

/// A tokenized text: start, the text's ids, end. Every id is below 49,408.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// 2 to 77 ids, without padding; the first is [`START`] and the last is [`END`].
    pub ids: Vec<u32>,
    /// Whether the text had more ids than fit and was cut. CLIP refuses such a text unless it is told to cut it.
    pub truncated: bool,
}

impl Tokens {
    /// The ids as the row of 77 that the text tower reads, padded with zeros.
    pub fn padded(&self) -> [u32; CONTEXT] {
        let mut row = [0; CONTEXT];
        for (to, &id) in row.iter_mut().zip(&self.ids) {
            *to = id;
        }
        row
    }
}

impl Tokenizer {
    /// Builds the tokenizer from the text of `clip_merges.txt`: a `#version` line, then CLIP's 48,894 merges, one a
    /// line. Line ends may be `\n` or `\r\n`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`](crate::error::Error::Tokenizer), with the count or the line, if the text is cut off,
    /// damaged, or of another vocabulary.
    pub fn from_merges(text: &str) -> Result<Self> {
        Ok(Self {
            bpe: Bpe::from_merges(text)?,
        })
    }

    /// The tokenizer with the merges that are part of native builds. In a browser the page fetches them.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn clip() -> std::sync::Arc<Tokenizer> {
        static CLIP: std::sync::OnceLock<std::sync::Arc<Tokenizer>> = std::sync::OnceLock::new();
        CLIP.get_or_init(|| {
            #[allow(
                clippy::expect_used,
                reason = "the merges are part of the program, and a test builds them"
            )]
            Self::from_merges(include_str!("clip_merges.txt"))
                .expect("the embedded merges are CLIP's")
                .into()
        })
        .clone()
    }

    /// The ids of a text, without start and end, however many. `<|startoftext|>` and `<|endoftext|>` in the text
    /// become their special ids, as CLIP has it.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.encode_up_to(text, usize::MAX)
    }

    /// The row of ids that the text tower reads: start, at most 75 ids of the text, end.
    pub fn tokenize(&self, text: &str) -> Tokens {
        let room = CONTEXT - 2;
        let found = self.encode_up_to(text, room + 1);
        let mut ids = Vec::with_capacity(CONTEXT);
        ids.push(START);
        ids.extend(found.iter().take(room));
        ids.push(END);
        Tokens {
            ids,
            truncated: found.len() > room,
        }
    }

    /// As [`encode`](Self::encode), but stops with the word that reaches `enough` ids.
    fn encode_up_to(&self, text: &str, enough: usize) -> Vec<u32> {
        let text = clean::clean(text);
        let mut ids = Vec::new();
        for word in words::words(&text) {
            match word {
                "<|startoftext|>" => ids.push(START),
                "<|endoftext|>" => ids.push(END),
                _ => self.bpe.encode_word(word.as_bytes(), &mut ids),
            }
            if ids.len() >= enough {
                break;
            }
        }
        ids
    }
}
