//! Full-width and half-width forms, and Latin ligatures, to the plain characters.

/// What U+FF5F to U+FF9F stand for: brackets, then half-width Katakana.
const KATAKANA: &str = "⦅⦆。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309a}";
/// What U+FFA0 to U+FFBE stand for: half-width Hangul consonants.
const CONSONANTS: &str = "\u{1160}\u{1100}\u{1101}\u{11aa}\u{1102}\u{11ac}\u{11ad}\u{1103}\u{1104}\u{1105}\u{11b0}\u{11b1}\u{11b2}\
    \u{11b3}\u{11b4}\u{11b5}\u{111a}\u{1106}\u{1107}\u{1108}\u{1121}\u{1109}\u{110a}\u{110b}\u{110c}\u{110d}\u{110e}\
    \u{110f}\u{1110}\u{1111}\u{1112}";
/// What U+FFE8 to U+FFEE stand for.
const SYMBOLS: &str = "│←↑→↓■○";

/// Appends `c`, or what it is a width variant or a ligature of.
pub(super) fn push_plain(c: char, out: &mut String) {
    match ligature(c) {
        Some(letters) => out.push_str(letters),
        None if c == '\u{ffe3}' => out.push_str(" \u{304}"),
        None => out.push(normal_width(c)),
    }
}

/// The letters of a Latin ligature or digraph that is one character for the sake of type or an old encoding.
fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'ŉ' => "'n",
        'Ǳ' => "DZ",
        'ǲ' => "Dz",
        'ǳ' => "dz",
        'Ǆ' => "DŽ",
        'ǅ' => "Dž",
        'ǆ' => "dž",
        'Ǉ' => "LJ",
        'ǈ' => "Lj",
        'ǉ' => "lj",
        'Ǌ' => "NJ",
        'ǋ' => "Nj",
        'ǌ' => "nj",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' => "ſt",
        'ﬆ' => "st",
        _ => return None,
    })
}

fn normal_width(c: char) -> char {
    let code = u32::from(c);
    let at = |table: &str, start: u32| table.chars().nth((code - start) as usize);
    let plain = match code {
        0x3000 => Some(' '),
        0xff01..=0xff5e => char::from_u32(code - 0xfee0),
        0xff5f..=0xff9f => at(KATAKANA, 0xff5f),
        0xffa0..=0xffbe => at(CONSONANTS, 0xffa0),
        // Half-width Hangul vowels come in sixes with two codes between.
        0xffc2..=0xffc7 => char::from_u32(code - 0xffc2 + 0x1161),
        0xffca..=0xffcf => char::from_u32(code - 0xffca + 0x1167),
        0xffd2..=0xffd7 => char::from_u32(code - 0xffd2 + 0x116d),
        0xffda..=0xffdc => char::from_u32(code - 0xffda + 0x1173),
        0xffe0..=0xffe6 => at("¢£¬\u{ffe3}¦¥₩", 0xffe0),
        0xffe8..=0xffee => at(SYMBOLS, 0xffe8),
        _ => None,
    };
    plain.unwrap_or(c)
}
