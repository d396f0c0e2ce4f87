//! Mojibake: UTF-8 that was read as Latin-1 or Windows-1252, such as `schÃ¶n` for `schön`.

use super::html::WINDOWS_1252;

/// Most layers of mojibake taken off at once. A layer makes a text longer by half at least, so real text has few.
const LAYERS: usize = 8;

/// Decodes the text's mojibake, layer by layer; `None` if there is none.
///
/// Characters that as bytes are one UTF-8 sequence are evidence if people do not write them next to each other. With
/// any evidence, a text whose characters above ASCII all belong to sequences is decoded whole; of any other text only
/// the runs of sequences that hold evidence themselves.
pub(super) fn fix(text: &str) -> Option<String> {
    let mut fixed = None;
    for _ in 0..LAYERS {
        match peel(fixed.as_deref().unwrap_or(text)) {
            Some(next) => fixed = Some(next),
            None => break,
        }
    }
    fixed
}

/// Takes off one layer.
fn peel(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let (mut evidence, mut whole) = (false, true);
    for piece in pieces(text) {
        match piece {
            Piece::Sequence { strong, .. } => evidence |= strong,
            Piece::Char(c) => whole &= c.is_ascii(),
        }
    }
    if !evidence {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut run = Run {
        decode: whole,
        ..Run::default()
    };
    for piece in pieces(text) {
        match piece {
            Piece::Sequence {
                source,
                decoded,
                strong,
            } => {
                run.source.push_str(source);
                run.decoded.push(decoded);
                run.decode |= strong;
            }
            Piece::Char(c) => {
                run.flush(whole, &mut out);
                out.push(c);
            }
        }
    }
    run.flush(whole, &mut out);
    Some(out)
}

/// Sequences next to each other.
#[derive(Default)]
struct Run {
    source: String,
    decoded: String,
    decode: bool,
}

impl Run {
    /// Appends the run, decoded if it is to be, and starts the next.
    fn flush(&mut self, whole: bool, out: &mut String) {
        out.push_str(if self.decode { &self.decoded } else { &self.source });
        self.source.clear();
        self.decoded.clear();
        self.decode = whole;
    }
}

/// A part of a text as a reading for mojibake sees it.
enum Piece<'a> {
    /// Characters that as bytes are one character in UTF-8.
    Sequence {
        source: &'a str,
        decoded: char,
        strong: bool,
    },
    /// Any other character.
    Char(char),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let piece = sequence(rest).unwrap_or(Piece::Char(first));
        let used = match &piece {
            Piece::Sequence { source, .. } => source.len(),
            Piece::Char(c) => c.len_utf8(),
        };
        rest = rest.get(used..).unwrap_or_default();
        Some(piece)
    })
}

/// The sequence that the text starts with.
fn sequence(text: &str) -> Option<Piece<'_>> {
    let mut chars = text.chars();
    let lead = byte(chars.next()?)?;
    let count = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [lead, 0, 0, 0];
    let mut strong = false;
    let mut last = ' ';
    for to in bytes.get_mut(1..count)? {
        last = chars.next()?;
        *to = byte(last)?;
        strong |= !is_usual_after_letter(last, lead);
    }
    let decoded = std::str::from_utf8(bytes.get(..count)?).ok()?.chars().next()?;
    let rest = chars.as_str();
    strong |= is_between_words(last) && rest.starts_with(char::is_alphanumeric);
    let source = text.get(..text.len() - rest.len())?;
    Some(Piece::Sequence {
        source,
        decoded,
        strong,
    })
}

/// The byte above ASCII that a character is in Latin-1 or Windows-1252.
fn byte(c: char) -> Option<u8> {
    match u32::from(c) {
        code @ 0x80..=0xff => Some(code as u8),
        0..=0x7f => None,
        _ => (0x80..).zip(WINDOWS_1252).find(|&(_, w)| w == c).map(|(byte, _)| byte),
    }
}

/// Whether people write `c` right after the letter that `lead` is in Latin-1. Punctuation may follow any letter, but
/// few words end in `Â` or `Ã`, and a degree sign follows no capital.
fn is_usual_after_letter(c: char, lead: u8) -> bool {
    match c {
        '…' | '’' => true,
        '°' => lead >= 0xe0,
        '–' | '—' | '\u{a0}' | '\u{ad}' | '§' | '²' | '³' | '´' | '¶' | '·' | '¹' | '¼' | '½' | '¾' => {
            !matches!(lead, 0xc2 | 0xc3)
        }
        _ => is_between_words(c) && !matches!(lead, 0xc2 | 0xc3),
    }
}

/// Whether `c` may end or start a word, but does not stand inside one.
fn is_between_words(c: char) -> bool {
    matches!(
        c,
        '‘' | '“' | '”' | '„' | '‚' | '•' | '‹' | '›' | '™' | '¡' | '©' | '«' | '®' | '»' | '¿'
    )
}
