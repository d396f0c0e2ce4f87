//! Unicode normalization form C from its primitives: taking `nfc()` of the crate instead would also link the tables of
//! the compatibility forms, 60 kB in WebAssembly that nothing here uses.

use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical};

/// The text in normalization form C.
pub(super) fn nfc(text: &str) -> String {
    // No character before U+0300 changes, by itself or next to another.
    if text.chars().all(|c| c < '\u{300}') {
        return text.to_owned();
    }
    let mut chars: Vec<(char, u8)> = Vec::with_capacity(text.len());
    for c in text.chars() {
        decompose_canonical(c, |part| chars.push((part, canonical_combining_class(part))));
    }
    // Marks between two starters go into the order of their classes; the sort is stable, as it has to be.
    for marks in chars.split_mut(|&(_, class)| class == 0) {
        marks.sort_by_key(|&(_, class)| class);
    }
    recompose(&chars).into_iter().collect()
}

/// Composes each starter with what follows it and is not blocked: by an equal or higher class in between.
fn recompose(chars: &[(char, u8)]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(chars.len());
    let mut starter = None;
    let mut blocked = None;
    for &(c, class) in chars {
        if blocked.is_none_or(|last| last < class)
            && let Some(at) = starter
            && let Some(first) = out.get_mut(at)
            && let Some(composed) = compose(*first, c)
        {
            *first = composed;
            continue;
        }
        (starter, blocked) = if class == 0 {
            (Some(out.len()), None)
        } else {
            (starter, Some(class))
        };
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    fn check(text: &str) {
        assert_eq!(super::nfc(text), text.nfc().collect::<String>(), "{text:?}");
    }

    #[test]
    fn every_character_by_itself_and_between_marks() {
        for c in '\0'..=char::MAX {
            check(&c.to_string());
            check(&format!("e\u{301}{c}\u{323}\u{302}"));
        }
    }

    proptest! {
        #[test]
        fn mixed_marks_and_hangul(text in "[a-eα-ω\u{300}-\u{36f}\u{591}-\u{5c7}\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11a8}-\u{11c2}가-갛à-ÿ\u{93c}क-ड]{0,12}") {
            check(&text);
        }
    }
}
