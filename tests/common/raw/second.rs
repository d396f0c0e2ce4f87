//! Fujifilm, Olympus, Panasonic, Pentax, Samsung.

use super::Value::{Bytes, Long, Longs, Short};
use super::{ConcatEntries, Picture, Raw, camera, jpeg, plain_thumbnail, sensor, thumbnail_by_offset};

pub fn fujifilm(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::new(true);
    let mut exif = Raw::tiff(b"II*\0");
    let first = exif.directory(0, camera("FUJIFILM", "X-T4", orientation), 0);
    let exif = [b"Exif\0\0", exif.finish(first).bytes().as_slice()].concat();
    let plain = jpeg(Picture::Large);
    let segment = [&[0xFF, 0xE1][..], &(2 + exif.len() as u16).to_be_bytes(), &exif].concat();
    let preview = [&plain[..2], &segment, &plain[2..]].concat();
    let mut head = b"FUJIFILMCCD-RAW 0201FF383501X-T4".to_vec();
    head.resize(84, 0);
    head.extend(148_u32.to_be_bytes());
    head.extend((preview.len() as u32).to_be_bytes());
    head.resize(148, 0);
    raw.put(&head);
    raw.put(&preview);
    raw.hole(bytes);
    raw
}

fn olympus_note(raw: &mut Raw, start: &[u8], preview: Picture) -> u32 {
    let note = raw.put(start);
    let (at, length) = raw.picture(preview);
    let settings = raw.directory(
        note,
        vec![
            (0, Bytes(b"0100".to_vec())),
            (0x101, Long(at - note)),
            (0x102, Long(length)),
        ],
        0,
    );
    // The note's own directory follows its header.
    let mut entries = raw.short(1).to_vec();
    entries.extend([raw.short(0x2020), raw.short(13)].concat());
    entries.extend([raw.long(1), raw.long(settings)].concat());
    entries.extend(raw.long(0));
    let room = raw.pieces.iter_mut().find(|piece| piece.0 == u64::from(note)).unwrap();
    let begin = start.len() - entries.len();
    room.1[begin..].copy_from_slice(&entries);
    note
}

fn olympus_file(start: &[u8; 4], head: &[u8], model: &'static str, bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(start);
    let data = raw.hole(bytes);
    let head = [head, &[0; 18]].concat();
    let note = olympus_note(&mut raw, &head, Picture::Large);
    let exif = raw.by_place(37_500, note, 1_000);
    let main = vec![
        (256, Long(5240)),
        (257, Long(3912)),
        (258, Short(16)),
        (259, Short(1)),
        (262, Short(1)),
        (273, Long(data)),
        (277, Short(1)),
        (278, Long(3912)),
        (279, Long(bytes as u32)),
        (34_665, Long(exif)),
    ];
    let first = raw.directory(
        0,
        [main, camera("OLYMPUS CORPORATION", model, orientation)].concat_entries(),
        0,
    );
    raw.finish(first)
}

pub fn olympus(bytes: u64, orientation: u16) -> Raw {
    olympus_file(b"IIRS", b"OLYMPUS\0II\x03\0", "E-M1", bytes, orientation)
}

pub fn om_system(bytes: u64, orientation: u16) -> Raw {
    olympus_file(b"IIRO", b"OM SYSTEM\0\0\0II\x04\0", "OM-1", bytes, orientation)
}

pub fn panasonic(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"IIU\0");
    let data = raw.hole(bytes);
    let main = vec![
        (1, Bytes(b"0430".to_vec())),
        (2, Short(5264)),
        (3, Short(3904)),
        (46, Bytes(jpeg(Picture::Large))),
        (280, Long(data)),
    ];
    let first = raw.directory(
        0,
        [main, camera("Panasonic", "DC-GH5", orientation)].concat_entries(),
        0,
    );
    raw.finish(first)
}

pub fn pentax_k5(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"MM\0*");
    let (large, thumbnail) = (raw.picture(Picture::Large), raw.picture(Picture::Thumbnail));
    let data = raw.hole(bytes);
    let third = raw.directory(0, thumbnail_by_offset(large), 0);
    let second = raw.directory(0, thumbnail_by_offset(thumbnail), third);
    let first = raw.directory(
        0,
        [sensor(data, bytes, 65_535), camera("PENTAX", "PENTAX K-5", orientation)].concat_entries(),
        second,
    );
    raw.finish(first)
}

pub fn pentax_k100d(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"MM\0*");
    let (large, thumbnail) = (raw.picture(Picture::Large), raw.picture(Picture::Thumbnail));
    let data = raw.hole(bytes);
    let mut note = b"AOC\0MM".to_vec();
    note.extend(raw.short(2));
    for (tag, value) in [(3, large.1), (4, large.0)] {
        note.extend([raw.short(tag), raw.short(4)].concat());
        note.extend([raw.long(1), raw.long(value)].concat());
    }
    note.extend(raw.long(0));
    let exif = raw.directory(0, vec![(37_500, Bytes(note))], 0);
    let second = raw.directory(0, thumbnail_by_offset(thumbnail), 0);
    let more = vec![(34_665, Long(exif))];
    let first = raw.directory(
        0,
        [
            sensor(data, bytes, 65_535),
            camera("PENTAX Corporation", "PENTAX K100D", orientation),
            more,
        ]
        .concat_entries(),
        second,
    );
    raw.finish(first)
}

pub fn samsung(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    let (large, thumbnail) = (raw.picture(Picture::Large), raw.picture(Picture::Thumbnail));
    let data = raw.hole(bytes);
    let inside = vec![
        raw.directory(
            0,
            [thumbnail_by_offset(large), vec![(254, Long(1))]].concat_entries(),
            0,
        ),
        raw.directory(0, sensor(data, bytes, 32_770), 0),
    ];
    let second = raw.directory(0, thumbnail_by_offset(thumbnail), 0);
    let plain = plain_thumbnail(&mut raw);
    let more = vec![(330, Longs(inside))];
    let first = raw.directory(
        0,
        [plain, camera("SAMSUNG", "NX300", orientation), more].concat_entries(),
        second,
    );
    raw.finish(first)
}
