//! CLIP's pre-tokenisation: cleaned, lower-case text to the words that are byte-pair encoded one by one.
//!
//! The same as the expression that CLIP gives, over Unicode, in either case:
//! `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`

use unicode_normalization::char::is_combining_mark;

/// Alternatives that the expression tries before the character classes, in its order.
const FIXED: [&str; 9] = [
    "<|startoftext|>",
    "<|endoftext|>",
    "'s",
    "'t",
    "'re",
    "'ve",
    "'m",
    "'ll",
    "'d",
];

/// The words of a text, in order.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| Class::of(c) == Class::Space);
        let length = fixed(rest).or_else(|| classed(rest))?;
        let (word, tail) = rest.split_at(length);
        rest = tail;
        Some(word)
    })
}

/// Length in bytes of the fixed alternative that the text starts with.
fn fixed(text: &str) -> Option<usize> {
    if !text.starts_with(['\'', '<']) {
        return None;
    }
    FIXED.iter().find_map(|pattern| {
        let mut chars = text.chars();
        let matches = pattern.chars().all(|p| chars.next().is_some_and(|c| same(p, c)));
        matches.then(|| text.len() - chars.as_str().len())
    })
}

/// Whether a character of the text matches one of a pattern, which is in lower case. The long s is the only other
/// character whose case folding is a letter of the patterns.
fn same(pattern: char, c: char) -> bool {
    pattern == c.to_ascii_lowercase() || (pattern == 's' && c == 'ſ')
}

/// Length in bytes of the run of one class that the text starts with; a number is a word of its own.
fn classed(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let class = Class::of(first);
    if class == Class::Number {
        return Some(first.len_utf8());
    }
    Some(text.find(|c| Class::of(c) != class).unwrap_or(text.len()))
}

/// What the expression tells characters apart by.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Class {
    /// General category L.
    Letter,
    /// General category N.
    Number,
    /// White_Space, and U+0345: that mark folds to a letter without being one, so in either case it fits none of the
    /// expression's classes, and is left out as a space is.
    Space,
    /// Everything else.
    Other,
}

impl Class {
    fn of(c: char) -> Self {
        if c.is_ascii_alphabetic() {
            Self::Letter
        } else if c.is_numeric() {
            Self::Number
        } else if c.is_whitespace() || c == '\u{345}' {
            Self::Space
        } else if c.is_alphabetic() && !c.is_ascii() && !is_combining_mark(c) && !is_enclosed(c) {
            // `is_alphabetic` is L, Nl (a number), some marks and the enclosed letters: category L is what is left.
            Self::Letter
        } else {
            Self::Other
        }
    }
}

/// Letters in circles and squares: alphabetic, but symbols by category.
fn is_enclosed(c: char) -> bool {
    matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}')
}
