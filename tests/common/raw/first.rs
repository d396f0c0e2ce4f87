//! Nikon, Canon, Sony, and Adobe's DNG.

use super::Value::{Bytes, Long, Longs, Short, Text};
use super::{
    ConcatEntries, Entries, PREVIEW, Picture, Raw, camera, jpeg, lossless, plain_thumbnail, sensor, thumbnail_by_offset,
};

fn nikon_note(raw: &mut Raw, preview: (u32, u32)) -> (Vec<u8>, ()) {
    // A TIFF file of its own inside the note, so built apart; the picture is outside, and its offset counts from the
    // note's header.
    let mut note = Raw::tiff(if raw.big_endian { b"MM\0*" } else { b"II*\0" });
    let inner = note.directory(
        0,
        vec![(259, Short(6)), (513, Long(preview.0)), (514, Long(preview.1))],
        0,
    );
    let first = note.directory(0, vec![(1, Bytes(b"0210".to_vec())), (0x11, Long(inner))], 0);
    (
        [b"Nikon\0\x02\x10\0\0", note.finish(first).bytes().as_slice()].concat(),
        (),
    )
}

pub fn nikon_d850(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    let (large, medium) = (raw.picture(Picture::Large), raw.picture(Picture::Medium));
    let data = raw.hole(bytes);
    let thumbnail = plain_thumbnail(&mut raw);
    let inside = vec![
        raw.directory(
            0,
            [thumbnail_by_offset(large), vec![(254, Long(1))]].concat_entries(),
            0,
        ),
        raw.directory(0, sensor(data, bytes, 34_713), 0),
        raw.directory(
            0,
            [thumbnail_by_offset(medium), vec![(254, Long(1))]].concat_entries(),
            0,
        ),
    ];
    let exif = raw.directory(0, vec![(37_500, Bytes(nikon_note(&mut Raw::new(false), (0, 0)).0))], 0);
    let more = vec![
        (330, Longs(inside)),
        (34_665, Long(exif)),
        (37_398, Bytes(vec![1, 0, 0, 0])),
    ];
    let first = raw.directory(
        0,
        [thumbnail, camera("NIKON CORPORATION", "NIKON D850", orientation), more].concat_entries(),
        0,
    );
    raw.finish(first)
}

pub fn nikon_d70(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"MM\0*");
    let data = raw.hole(bytes);
    // The note's header comes first, since offsets inside count from it.
    let note_at = raw.size + raw.size % 2;
    let length = jpeg(Picture::Large).len() as u32;
    let (probe, ()) = nikon_note(&mut Raw::new(true), (0, length));
    let (note, ()) = nikon_note(
        &mut Raw::new(true),
        (probe.len() as u32 - 10 + (probe.len() as u32) % 2, length),
    );
    assert_eq!(note.len(), probe.len());
    let at = raw.put(&note);
    assert_eq!(u64::from(at), note_at);
    raw.picture(Picture::Large);
    let thumbnail = plain_thumbnail(&mut raw);
    let inside = raw.directory(0, sensor(data, bytes, 34_713), 0);
    // By its place: an entry's bytes would be written elsewhere.
    let exif = raw.by_place(37_500, at, note.len() as u32);
    let more = vec![
        (330, Long(inside)),
        (34_665, Long(exif)),
        (37_398, Bytes(vec![1, 0, 0, 0])),
    ];
    let first = raw.directory(
        0,
        [thumbnail, camera("NIKON CORPORATION", "NIKON D70", orientation), more].concat_entries(),
        0,
    );
    raw.finish(first)
}

pub fn canon_5d(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    raw.put(b"CR\x02\0\0\0\0\0");
    let (large, thumbnail) = (raw.picture(Picture::Large), raw.picture(Picture::Thumbnail));
    let data = raw.put(&lossless());
    raw.hole(bytes);
    let plain = plain_thumbnail(&mut raw);
    let fourth = raw.directory(
        0,
        vec![
            (259, Short(6)),
            (273, Long(data)),
            (279, Long(bytes as u32)),
            (0xC5D8, Long(1)),
        ],
        0,
    );
    let third = raw.directory(0, plain, fourth);
    let second = raw.directory(0, vec![(513, Long(thumbnail.0)), (514, Long(thumbnail.1))], third);
    let main = vec![
        (256, Short(PREVIEW.0 as u16)),
        (257, Short(PREVIEW.1 as u16)),
        (258, Short(8)),
        (259, Short(6)),
        (273, Long(large.0)),
        (279, Long(large.1)),
    ];
    let first = raw.directory(
        0,
        [main, camera("Canon", "Canon EOS 5D Mark III", orientation)].concat_entries(),
        second,
    );
    raw.finish(first)
}

pub fn canon_r5(bytes: u64, orientation: u16) -> Raw {
    let boxed = |kind: &[u8; 4], body: &[u8]| [&(8 + body.len() as u32).to_be_bytes()[..], kind, body].concat();
    let mut settings = Raw::tiff(b"II*\0");
    let first = settings.directory(0, camera("Canon", "Canon EOS R5", orientation), 0);
    let settings = settings.finish(first).bytes();
    let mut thumbnail = vec![0, 0, 0, 0, 0, 160, 0, 120, 0, 0, 0, 0, 0, 0, 0, 0];
    thumbnail.extend(jpeg(Picture::Thumbnail));
    let camera_id = 0x85C0_B687_820F_11E0_8111_F4CE_462B_6A48_u128.to_be_bytes();
    let preview_id = 0xEAF4_2B5E_1C98_4B88_B9FB_B7DC_406E_4D16_u128.to_be_bytes();
    let canon = [
        &camera_id[..],
        &boxed(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00"),
        &boxed(b"CMT1", &settings),
        &boxed(b"THMB", &thumbnail),
    ]
    .concat();
    let large = jpeg(Picture::Large);
    let track = |at: u64, length: u32| {
        let sizes = [&[0; 4][..], &length.to_be_bytes(), &1_u32.to_be_bytes()].concat();
        let places = [&[0; 4][..], &1_u32.to_be_bytes(), &at.to_be_bytes()].concat();
        let table = [
            boxed(b"stsd", &[0; 32]),
            boxed(b"stsz", &sizes),
            boxed(b"co64", &places),
        ]
        .concat();
        boxed(
            b"trak",
            &[
                boxed(b"tkhd", &[0; 84]),
                boxed(b"mdia", &boxed(b"minf", &boxed(b"stbl", &table))),
            ]
            .concat(),
        )
    };
    let movie = |at: u64| {
        let tracks = [
            track(at, large.len() as u32),
            track(at + large.len() as u64, bytes as u32),
        ]
        .concat();
        boxed(
            b"moov",
            &[boxed(b"uuid", &canon), boxed(b"mvhd", &[0; 100]), tracks].concat(),
        )
    };
    let mut medium = vec![0, 0, 0, 0, 0, 1, 1, 224, 1, 64, 0, 1, 0, 0, 0, 0];
    medium.extend(jpeg(Picture::Medium));
    let preview = [&preview_id[..], &[0, 0, 0, 0, 0, 0, 0, 1], &boxed(b"PRVW", &medium)].concat();
    let start = boxed(b"ftyp", b"crx \0\0\0\x01crx isom");
    let between = [boxed(b"uuid", &[7; 16 + 200]), boxed(b"uuid", &preview)].concat();
    let at = (start.len() + movie(0).len() + between.len() + 16) as u64;
    let mut raw = Raw::new(true);
    let length = (16 + large.len() as u64 + bytes).to_be_bytes();
    let data = [&1_u32.to_be_bytes()[..], b"mdat", &length, &large].concat();
    raw.pieces.push((0, [start, movie(at), between, data].concat()));
    raw.size = raw.pieces[0].1.len() as u64 + bytes;
    raw
}

pub fn sony_7m3(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    let (large, thumbnail) = (raw.picture(Picture::Large), raw.picture(Picture::Thumbnail));
    let data = raw.hole(bytes);
    let inside = raw.directory(0, sensor(data, bytes, 32_767), 0);
    let second = raw.directory(
        0,
        [thumbnail_by_offset(thumbnail), vec![(254, Long(1))]].concat_entries(),
        0,
    );
    let main = vec![(254, Long(1)), (330, Long(inside))];
    let first = raw.directory(
        0,
        [
            main,
            thumbnail_by_offset(large),
            camera("SONY", "ILCE-7M3", orientation),
        ]
        .concat_entries(),
        second,
    );
    raw.finish(first)
}

pub fn sony_7m4(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    let (medium, thumbnail) = (raw.picture(Picture::Medium), raw.picture(Picture::Thumbnail));
    let data = raw.hole(bytes);
    let large = raw.picture(Picture::Large);
    let inside = raw.directory(0, sensor(data, bytes, 7), 0);
    let third = raw.directory(0, thumbnail_by_offset(large), 0);
    let second = raw.directory(0, thumbnail_by_offset(thumbnail), third);
    let main = vec![(254, Long(1)), (330, Long(inside))];
    let first = raw.directory(
        0,
        [
            main,
            thumbnail_by_offset(medium),
            camera("SONY", "ILCE-7M4", orientation),
        ]
        .concat_entries(),
        second,
    );
    raw.finish(first)
}

/// A preview of a DNG: a strip of JPEG.
fn strip((at, length): (u32, u32), width: u32, height: u32) -> Entries {
    vec![
        (254, Long(1)),
        (256, Long(width)),
        (257, Long(height)),
        (258, Short(8)),
        (259, Short(7)),
        (262, Short(6)),
        (273, Long(at)),
        (277, Short(3)),
        (278, Long(height)),
        (279, Long(length)),
    ]
}

pub fn adobe_dng(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    let (large, medium) = (raw.picture(Picture::Large), raw.picture(Picture::Medium));
    let data = raw.put(&lossless());
    raw.hole(bytes);
    let thumbnail = plain_thumbnail(&mut raw);
    let inside = vec![
        raw.directory(0, sensor(data, bytes, 7), 0),
        raw.directory(0, strip(medium, 480, 320), 0),
        raw.directory(0, strip(large, PREVIEW.0, PREVIEW.1), 0),
    ];
    let more = vec![
        (330, Longs(inside)),
        (50_706, Bytes(vec![1, 4, 0, 0])),
        (50_708, Text("Leica M10")),
    ];
    let first = raw.directory(
        0,
        [thumbnail, camera("Leica Camera AG", "LEICA M10", orientation), more].concat_entries(),
        0,
    );
    raw.finish(first)
}

pub fn pixel_dng(bytes: u64, orientation: u16) -> Raw {
    let mut raw = Raw::tiff(b"II*\0");
    let data = raw.hole(bytes);
    let large = raw.picture(Picture::Large);
    let inside = raw.directory(0, strip(large, PREVIEW.0, PREVIEW.1), 0);
    let more = vec![(330, Long(inside)), (50_706, Bytes(vec![1, 4, 0, 0]))];
    let first = raw.directory(
        0,
        [sensor(data, bytes, 7), camera("Google", "Pixel 6", orientation), more].concat_entries(),
        0,
    );
    raw.finish(first)
}
