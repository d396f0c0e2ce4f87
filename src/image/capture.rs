//! When and how a photo was taken, as its camera wrote it into the EXIF data.
//!
//! Read are JPEG files, RAW files, and TIFF files. Tags are those of the standard (CIPA DC-008).

use super::container::tags::{Directory, Layout};
use super::container::{Parts, Stop};
use super::provenance::segments;

/// Bytes from the start of a file in which cameras write what is read here; of a RAW file more may be needed.
pub const CAPTURE_BYTES: usize = 1 << 20;

const MAKE: u16 = 0x010F;
const MODEL: u16 = 0x0110;
const EXPOSURE_TIME: u16 = 0x829A;
const F_NUMBER: u16 = 0x829D;
const EXIF: u16 = 0x8769;
const SENSITIVITY: u16 = 0x8827;
const TIME: u16 = 0x9003;
const EXPOSURE_BIAS: u16 = 0x9204;
const DISTANCE: u16 = 0x9206;
const FRACTION: u16 = 0x9291;
const EXPOSURE_MODE: u16 = 0xA402;

/// The exposure mode of a bracket.
const BRACKET: u64 = 2;
/// The longest text that is read.
const MOST_TEXT: usize = 256;

/// What a camera says of a photo. Nothing is there of a file without EXIF data, or with damaged ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capture {
    /// Seconds of the camera's clock since the beginning of 1970, with its fractions. Clocks know no time zone.
    pub time: Option<f64>,
    /// Maker and model.
    pub camera: Option<String>,
    /// How much lighter than measured it was to become, in stops.
    pub exposure_bias: Option<f32>,
    /// How much light the settings let in, in stops: one less lets in twice as much (EV at ISO 100).
    pub exposure: Option<f32>,
    /// Whether the camera says that it took a bracket.
    pub bracketed: bool,
    /// The distance that it was focused at, in metres.
    pub focus_distance: Option<f32>,
}

impl Capture {
    /// Reads it off the start of a file ([`CAPTURE_BYTES`]).
    pub fn read(start: &[u8]) -> Self {
        let mut capture = Self::default();
        // CR3 has each directory in a box of its own.
        let boxed = |name: &[u8]| {
            let head = start.get(..1 << 16).unwrap_or(start);
            let at = head.windows(name.len()).position(|window| window == name)?;
            start.get(at + name.len()..)
        };
        if start.get(4..12) == Some(b"ftypcrx ") {
            for (name, main) in [(b"CMT1", true), (b"CMT2", false)] {
                let parts = boxed(name).map(Parts::whole);
                let _ = parts.map(|parts| capture.take(&parts, main));
            }
        } else if let Some(exif) = exif(start) {
            let _ = capture.take(&Parts::whole(exif), true);
        }
        capture
    }

    /// Takes what a TIFF header's first directory says: the `main` one, which leads to EXIF's, or that itself.
    fn take(&mut self, parts: &Parts<'_>, main: bool) -> Result<(), Stop> {
        let (layout, _, first) = Layout::read(parts, 0)?;
        let directory = layout.directory(parts, first)?;
        if !main {
            return self.take_exif(parts, &directory);
        }
        let name = [text(parts, &directory, MAKE)?, text(parts, &directory, MODEL)?];
        let [make, model] = name.map(Option::unwrap_or_default);
        // Many models begin with their maker.
        let whole = if model.starts_with(&make) {
            model
        } else {
            format!("{make} {model}")
        };
        self.camera = Some(whole.trim().to_owned()).filter(|name| !name.is_empty());
        match directory.number(parts, EXIF)? {
            Some(offset) => self.take_exif(parts, &layout.directory(parts, offset)?),
            None => Ok(()),
        }
    }

    fn take_exif(&mut self, parts: &Parts<'_>, exif: &Directory) -> Result<(), Stop> {
        self.time = text(parts, exif, TIME)?.as_deref().and_then(seconds);
        if let (Some(time), Some(fraction)) = (&mut self.time, text(parts, exif, FRACTION)?) {
            let fraction = fraction.trim();
            // Both are exact, so that the quotient is what the decimal fraction rounds to.
            *time += digits(fraction).map_or(0.0, |number| number as f64 / 10_f64.powi(fraction.len() as i32));
        }
        let ratio = |tag| exif.ratio(parts, tag);
        self.exposure_bias = ratio(EXPOSURE_BIAS)?
            .map(|bias| bias as f32)
            .filter(|bias| bias.abs() < 100.0);
        self.focus_distance = ratio(DISTANCE)?
            .map(|metres| metres as f32)
            .filter(|&metres| metres > 0.0);
        self.bracketed = exif.number(parts, EXPOSURE_MODE)? == Some(BRACKET);
        let sensitivity = exif.number(parts, SENSITIVITY)?.filter(|&iso| iso > 0).unwrap_or(100);
        if let (Some(time), Some(stop)) = (ratio(EXPOSURE_TIME)?, ratio(F_NUMBER)?) {
            let value = (stop * stop / time * 100.0 / sensitivity as f64).log2() as f32;
            self.exposure = Some(value).filter(|value| value.is_finite());
        }
        Ok(())
    }
}

/// The EXIF data of a file, from their TIFF header on.
fn exif(start: &[u8]) -> Option<&[u8]> {
    if start.starts_with(b"FUJIFILMCCD-RAW") {
        let at = u32::from_be_bytes(start.get(84..88)?.try_into().ok()?);
        return exif_of_jpeg(start.get(usize::try_from(at).ok()?..)?);
    }
    if start.starts_with(b"II") || start.starts_with(b"MM") {
        return Some(start);
    }
    exif_of_jpeg(start)
}

fn exif_of_jpeg(jpeg: &[u8]) -> Option<&[u8]> {
    if !jpeg.starts_with(b"\xFF\xD8") {
        return None;
    }
    segments(jpeg).find_map(|(marker, segment)| segment.strip_prefix(b"Exif\0\0").filter(|_| marker == 0xE1))
}

fn text(parts: &Parts<'_>, directory: &Directory, tag: u16) -> Result<Option<String>, Stop> {
    let bytes = directory.bytes(parts, tag, MOST_TEXT)?;
    Ok(bytes.map(|bytes| {
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(bytes.get(..end).unwrap_or_default())
            .trim()
            .to_owned()
    }))
}

/// `2026:11:27 10:20:30` as seconds since the beginning of 1970.
fn seconds(text: &str) -> Option<f64> {
    let (date, clock) = text.trim().split_once(' ')?;
    let [year, month, day] = three(date)?;
    let [hour, minute, second] = three(clock)?;
    let valid = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    // Days of the proleptic Gregorian calendar; a year begins in March, so that its odd day is the last one.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    valid.then_some((days * 86_400 + hour * 3_600 + minute * 60 + second) as f64)
}

fn three(text: &str) -> Option<[i64; 3]> {
    let mut parts = text.split(':').map(digits);
    let found = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(found)
}

/// At most nine digits and nothing else.
fn digits(text: &str) -> Option<i64> {
    let valid = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Capture, seconds};

    #[test]
    fn clocks_are_read() {
        // By `date -u -d ... +%s`.
        assert_eq!(seconds("2026:11:27 10:20:30"), Some(1_795_774_830.0));
        assert_eq!(seconds("1970:01:01 00:00:00"), Some(0.0));
        assert_eq!(seconds("2024:02:29 23:59:59"), Some(1_709_251_199.0));
        assert_eq!(seconds("2000:03:01 00:00:01"), Some(951_868_801.0));
        for wrong in [
            "",
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "2026:13:01 00:00:00",
            "2026-11-27",
            "2026:1:1 25:00:00",
            "9:9:9 1:1:1:1",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_without_exif_data_say_nothing() {
        for bytes in [
            &b""[..],
            b"\xFF\xD8",
            b"\xFF\xD8\xFF\xE1\0\x08Exif\0\0",
            b"II*\0\0\0\0\0",
            b"FUJIFILMCCD-RAW",
            b"\0\0\0\x18ftypcrx CMT1CMT2II",
        ] {
            assert_eq!(Capture::read(bytes), Capture::default());
        }
    }
}
