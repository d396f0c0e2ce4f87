//! Photos with the EXIF data of a camera.

use gamma_wasm::image::Capture;

/// What a camera writes.
#[derive(Clone, Debug)]
pub struct Taken {
    /// `2026:11:27 10:20:30`.
    pub time: &'static str,
    /// Digits of the second's fraction.
    pub fraction: String,
    /// Thirds of a stop.
    pub bias: i32,
}

/// The JPEG file with EXIF data in it.
pub fn with_exif(jpeg: &[u8], taken: &Taken) -> Vec<u8> {
    let data = [b"Exif\0\0", tiff(taken).as_slice()].concat();
    let length = (data.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &data, &jpeg[2..]].concat()
}

/// A TIFF header with two directories, least significant byte first; what does not fit into an entry follows.
pub fn tiff(taken: &Taken) -> Vec<u8> {
    let text = |text: &str| [text.as_bytes(), b"\0"].concat();
    let main = [(0x010F, 2, text("Made")), (0x0110, 2, text("Made One"))];
    let bias = [taken.bias.to_le_bytes(), 3_i32.to_le_bytes()].concat();
    let exif = [
        (0x9003, 2, text(taken.time)),
        (0x9204, 10, bias),
        (0x9291, 2, text(&taken.fraction)),
    ];
    let start = 8;
    // The pointer is one entry more.
    let second = start + directory(start, &main, Some(0)).len();
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend(directory(start, &main, Some(second as u32)));
    file.extend(directory(second, &exif, None));
    file
}

fn directory(at: usize, entries: &[(u16, u16, Vec<u8>)], exif: Option<u32>) -> Vec<u8> {
    let count = entries.len() + usize::from(exif.is_some());
    let mut bytes = (count as u16).to_le_bytes().to_vec();
    let mut beyond: Vec<u8> = Vec::new();
    let mut outside = at + 2 + 12 * count + 4;
    for (tag, kind, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        let values = if *kind == 10 { value.len() / 8 } else { value.len() };
        bytes.extend((values as u32).to_le_bytes());
        match value.len() {
            0..=4 => bytes.extend([value.as_slice(), &[0; 4]].concat().iter().take(4)),
            length => {
                bytes.extend((outside as u32).to_le_bytes());
                beyond.extend(value);
                outside += length;
            }
        }
    }
    if let Some(exif) = exif {
        bytes.extend(
            [
                &0x8769_u16.to_le_bytes()[..],
                &4_u16.to_le_bytes(),
                &1_u32.to_le_bytes(),
                &exif.to_le_bytes(),
            ]
            .concat(),
        );
    }
    bytes.extend([0; 4]);
    bytes.extend(beyond);
    bytes
}

#[test]
fn what_a_camera_writes_is_read_from_jpeg_and_raw_files() {
    let taken = Taken {
        time: "2026:11:27 10:20:30",
        fraction: "25".to_owned(),
        bias: -2,
    };
    let tiff = tiff(&taken);
    let jpeg = with_exif(b"\xFF\xD8\xFF\xDA", &taken);
    let mut raf = [b"FUJIFILMCCD-RAW ".as_slice(), &[0; 84]].concat();
    raf[84..88].copy_from_slice(&100_u32.to_be_bytes());
    raf.extend(&jpeg);
    let expected = Capture {
        time: Some(1_795_774_830.25),
        camera: Some("Made One".to_owned()),
        exposure_bias: Some(-2.0 / 3.0),
        ..Capture::default()
    };
    for file in [&tiff, &jpeg, &raf] {
        assert_eq!(Capture::read(file), expected);
        // Cut off and damaged in every place: less is known, and nothing panics.
        for at in 0..file.len() {
            let _ = Capture::read(&file[..at]);
            for flip in [1, 0x80, 0xFF] {
                let mut damaged = file.clone();
                damaged[at] ^= flip;
                let _ = Capture::read(&damaged);
            }
        }
    }
}
