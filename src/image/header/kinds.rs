//! What a file is that cannot be read, in words.

/// Beginnings of files, and what these are.
const KNOWN: [(&[u8], &str); 20] = [
    (
        b"FUJIFILMCCD-RAW",
        "it is a camera RAW file of Fujifilm (RAF), and damaged",
    ),
    (
        b"IIU\0",
        "it is a camera RAW file of Panasonic or Leica (RW2), and damaged",
    ),
    (b"IIRO", "it is a camera RAW file of Olympus (ORF), and damaged"),
    (b"IIRS", "it is a camera RAW file of Olympus (ORF), and damaged"),
    (b"MMOR", "it is a camera RAW file of Olympus (ORF), and damaged"),
    (
        b"FOVb",
        "it is a camera RAW file of Sigma (X3F), of which no preview is read",
    ),
    (
        b"\0MRM",
        "it is a camera RAW file of Minolta (MRW), of which no preview is read",
    ),
    (
        b"HEAPCCDR",
        "it is a camera RAW file of Canon (CRW), of which no preview is read",
    ),
    (b"8BPS", "it is a Photoshop file (PSD)"),
    (b"%PDF", "it is a PDF document"),
    (b"%!PS", "it is a PostScript file"),
    (b"\xFF\x0A", "it is JPEG XL"),
    (b"\0\0\0\x0CJXL ", "it is JPEG XL"),
    (b"\0\0\0\x0CjP  ", "it is JPEG 2000"),
    (b"\xFF\x4F\xFF\x51", "it is JPEG 2000"),
    (b"\0\0\x01\0", "it is an icon (ICO)"),
    (b"PK\x03\x04", "it is a ZIP archive or an office document"),
    (b"\x1A\x45\xDF\xA3", "it is a video (Matroska or WebM)"),
    (
        b"version https://git-lfs",
        "it is a pointer of Git LFS: the photo itself was not fetched",
    ),
    (
        b"\0\x05\x16\x07",
        "it is what macOS keeps beside a file (AppleDouble), not the file",
    ),
];

/// Why a file of unknown format cannot be read.
pub(super) fn unreadable(bytes: &[u8]) -> &'static str {
    if bytes.is_empty() {
        return "the file is empty";
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return media(bytes);
    }
    if let Some((_, what)) = KNOWN.iter().find(|(start, _)| bytes.starts_with(start)) {
        return what;
    }
    let head = bytes.get(..64).unwrap_or(bytes).trim_ascii_start().to_ascii_lowercase();
    if head.starts_with(b"<!doctype html") || head.starts_with(b"<html") {
        return "it is a web page";
    }
    if head.iter().all(|&byte| byte == 0) {
        return "it begins with zeros, as files do whose content was lost";
    }
    "it is none of JPEG, PNG, WebP, GIF, BMP, TIFF or a camera's RAW file"
}

/// A file of the ISO base media format, by its major brand and those that it says it is compatible with.
fn media(bytes: &[u8]) -> &'static str {
    let length = bytes.first_chunk::<4>().map_or(0, |length| u32::from_be_bytes(*length));
    let header = bytes
        .get(8..usize::try_from(length).unwrap_or(usize::MAX).min(256))
        .unwrap_or_else(|| bytes.get(8..).unwrap_or_default());
    let brands = header.as_chunks::<4>().0;
    let has = |wanted: &[&[u8; 4]]| brands.iter().any(|brand| wanted.contains(&brand));
    // A major brand of either kind says which it is; `mif1` and `msf1` leave that to the others.
    let major = brands.first();
    let heif: [&[u8; 4]; 6] = [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"];
    if major.is_some_and(|major| heif.contains(&major)) {
        return HEIC;
    }
    match brands {
        _ if has(&[b"avif", b"avis"]) => "AVIF is decoded by the browser only",
        _ if has(&heif) || has(&[b"mif1", b"msf1", b"MiHE", b"miaf"]) => HEIC,
        _ if has(&[b"crx "]) => "it is a camera RAW file of Canon (CR3), and damaged",
        _ => "it is a video (MP4 or QuickTime)",
    }
}

const HEIC: &str = "HEIC is decoded by the browser only, and not by every browser";
