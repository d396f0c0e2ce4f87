//! TIFF files and EXIF, which is laid out as one.

use super::{Reading, decoded};

const IMAGE_DESCRIPTION: u16 = 0x010E;
const MAKE: u16 = 0x010F;
const MODEL: u16 = 0x0110;
const SOFTWARE: u16 = 0x0131;
const XMP: u16 = 700;
const EXIF_IFD: u16 = 0x8769;
const USER_COMMENT: u16 = 0x9286;
const C2PA: u16 = 0xCD41;

/// Reads the EXIF data of a file of another format.
pub(super) fn exif(bytes: &[u8], reading: &mut Reading) {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    if let Some((tiff, first)) = Tiff::open(bytes) {
        tiff.read(first, false, reading);
    }
}

/// Reads a TIFF or DNG file: the same, and its own tags of XMP and C2PA.
pub(super) fn file(bytes: &[u8], reading: &mut Reading) {
    if let Some((tiff, first)) = Tiff::open(bytes) {
        tiff.read(first, true, reading);
    }
}

struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
    /// BigTIFF: numbers of eight bytes.
    big: bool,
}

impl<'a> Tiff<'a> {
    /// The file, and where its first directory is.
    fn open(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let (little, version) = match bytes.get(..4)? {
            [b'I', b'I', version, 0] => (true, *version),
            [b'M', b'M', 0, version] => (false, *version),
            _ => return None,
        };
        let tiff = Self {
            bytes,
            little,
            big: version == 43,
        };
        let first = match version {
            42 => tiff.number(4, 4)?,
            43 => tiff.number(8, 8)?,
            _ => return None,
        };
        Some((tiff, first))
    }

    /// A number of `length` bytes.
    fn number(&self, at: usize, length: usize) -> Option<usize> {
        self.read_number(self.bytes.get(at..)?.get(..length)?)
    }

    fn read_number(&self, bytes: &[u8]) -> Option<usize> {
        let put = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        let value = if self.little {
            bytes.iter().rev().fold(0, put)
        } else {
            bytes.iter().fold(0, put)
        };
        usize::try_from(value).ok()
    }

    /// Reads the first directory and the one of EXIF that it names.
    fn read(&self, first: usize, whole: bool, reading: &mut Reading) {
        let mut exif = None;
        self.directory(first, &mut |tag, value| match tag {
            XMP if whole => {
                reading.xmp(value);
            }
            C2PA if whole => reading.jumbf(value),
            EXIF_IFD => exif = Some(value),
            _ => text(tag, value, reading),
        });
        if let Some(at) = exif
            .filter(|value: &&[u8]| value.len() <= 8)
            .and_then(|value| self.read_number(value))
        {
            self.directory(at, &mut |tag, value| text(tag, value, reading));
        }
    }

    /// Calls `found` with each entry's tag and value. At most 65,535 entries, whatever the file says.
    fn directory(&self, at: usize, found: &mut dyn FnMut(u16, &'a [u8])) -> Option<()> {
        let (head, size, word) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(at, head)?.min(usize::from(u16::MAX));
        for place in 0..count {
            let entry = at.checked_add(head + place * size)?;
            let tag = u16::try_from(self.number(entry, 2)?).ok()?;
            let unit = match self.number(entry + 2, 2)? {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                5 | 10 | 12 | 16..=18 => 8,
                _ => continue,
            };
            let length = self.number(entry + 4, word)?.saturating_mul(unit);
            let inside = entry + 4 + word;
            let start = if length <= word {
                Some(inside)
            } else {
                self.number(inside, word)
            };
            // An entry that lies about its size or place is passed over.
            if let Some(value) = start.and_then(|start| self.bytes.get(start..)?.get(..length)) {
                found(tag, value);
            }
        }
        Some(())
    }
}

fn text(tag: u16, value: &[u8], reading: &mut Reading) {
    let key = match tag {
        IMAGE_DESCRIPTION => "ImageDescription",
        MAKE => "Make",
        MODEL => "Model",
        SOFTWARE => "Software",
        USER_COMMENT => "UserComment",
        _ => return,
    };
    if reading.count(value.len()).is_none() {
        return;
    }
    let value = if tag == USER_COMMENT {
        comment(value)
    } else {
        unterminated(value)
    };
    reading.text("exif", key.into(), value);
}

fn unterminated(value: &[u8]) -> String {
    let end = value.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    decoded(value.get(..end).unwrap_or_default())
}

/// A UserComment: eight bytes that name an encoding, if they are there, and a text whose encoding shows by itself.
/// Software writes UTF-16 in either order whatever the order of the file, and UTF-8 under each name.
fn comment(value: &[u8]) -> String {
    const CODES: [&[u8]; 4] = [b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", &[0; 8]];
    let code = CODES.iter().find_map(|code| value.strip_prefix(*code));
    let text = code.unwrap_or(value);
    let zeros = |side: usize| text.iter().skip(side).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let big = match text {
        [0xFE, 0xFF, ..] => true,
        [0xFF, 0xFE, ..] => false,
        // Latin letters, which every one of these texts has, are half zeros. A terminator is a zero or two.
        _ if even.max(odd) < 8 || even == odd => return unterminated(text),
        _ => even > odd,
    };
    let units = text.as_chunks::<2>().0.iter().map(|&pair| match big {
        true => u16::from_be_bytes(pair),
        false => u16::from_le_bytes(pair),
    });
    let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    let text: String = characters.collect();
    text.trim_start_matches('\u{FEFF}').trim_end_matches('\0').to_owned()
}
