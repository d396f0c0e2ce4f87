//! Bursts made of photos: each photo gives two scenes, its halves, which look alike and are not the same.

use std::fs;
use std::path::{Path, PathBuf};

use gamma_wasm::image::{Capture, DecodeOptions, Pixels, decode};
use image::RgbImage;
use image::imageops::{FilterType, blur, crop_imm, resize};

/// What was done to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Plain,
    Shifted,
    Zoomed,
    Exposed,
    Exported,
    /// Made worse on purpose.
    Blurred,
}

/// A frame as its file, and what it is.
pub struct Frame {
    pub file: Vec<u8>,
    pub scene: usize,
    pub made: Made,
    pub capture: Capture,
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    /// The next number, 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}

/// The photos of a folder, or those that come with this repository.
pub fn sources(folder: Option<&Path>) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(folder) = folder else {
        let own = [
            "www/samples/dog.jpg",
            "www/samples/city-at-night.webp",
            "tests/golden/preprocess/images/coffee.jpg",
        ];
        return own.map(|name| root.join(name)).to_vec();
    };
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| {
        path.extension()
            .is_some_and(|ending| ["jpg", "png", "webp"].iter().any(|known| ending == *known))
    });
    found.sort();
    found
}

/// Bursts of six frames of the first scenes of some photos, at most `most` of them, a few seconds apart: nothing but
/// what they show tells them apart.
pub fn bursts(photos: &[PathBuf], most: usize) -> Vec<Frame> {
    let mut random = Random(7);
    let mut frames = Vec::new();
    let mut time = 1_795_774_830.0;
    let halves = photos.iter().flat_map(|path| {
        let photo = read(path);
        let (width, height) = photo.dimensions();
        match width >= height {
            true => [
                crop_imm(&photo, 0, 0, width / 2, height).to_image(),
                crop_imm(&photo, width - width / 2, 0, width / 2, height).to_image(),
            ],
            false => [
                crop_imm(&photo, 0, 0, width, height / 2).to_image(),
                crop_imm(&photo, 0, height - height / 2, width, height / 2).to_image(),
            ],
        }
    });
    for (scene, photo) in halves.take(most).enumerate() {
        for made in [
            Made::Plain,
            Made::Shifted,
            Made::Zoomed,
            Made::Exposed,
            Made::Exported,
            Made::Blurred,
        ] {
            time += random.between(0.08, 0.5);
            let capture = Capture {
                time: Some(time),
                camera: Some("Made 1".to_owned()),
                ..Capture::default()
            };
            frames.push(Frame {
                file: frame(&photo, made, &mut random),
                scene,
                made,
                capture,
            });
        }
        time += random.between(2.0, 20.0);
    }
    frames
}

/// Views of a photo from left to right, each `part` of its width, overlapping by half.
pub fn panorama(path: &Path, part: f64) -> Vec<Vec<u8>> {
    let photo = read(path);
    let (width, height) = photo.dimensions();
    let view = (f64::from(width) * part) as u32;
    let views = (0..)
        .map(|step| step * view / 2)
        .take_while(|from| from + view <= width);
    views
        .map(|from| jpeg(&crop_imm(&photo, from, 0, view, height).to_image(), 92))
        .collect()
}

pub fn read(path: &Path) -> RgbImage {
    let Pixels { width, height, rgb } = decode(&fs::read(path).unwrap(), &DecodeOptions::default())
        .unwrap()
        .pixels;
    RgbImage::from_raw(width, height, rgb).unwrap()
}

fn frame(scene: &RgbImage, made: Made, random: &mut Random) -> Vec<u8> {
    let (width, height) = scene.dimensions();
    // The hand moves by up to 3%, or, where it is shifted, by about 7%.
    let reach = if made == Made::Shifted {
        (0.06, 0.08)
    } else {
        (0.0, 0.03)
    };
    let mut shift = || random.between(reach.0, reach.1) * if random.next() < 0.5 { -1.0 } else { 1.0 };
    let (x, y) = (shift(), shift());
    let share = 0.84
        * if made == Made::Zoomed {
            random.between(0.87, 0.95)
        } else {
            1.0
        };
    let part = |side: u32, shift: f64| {
        let length = (f64::from(side) * share) as u32;
        let from = f64::from(side - length) / 2.0 + f64::from(side) * shift;
        ((from.max(0.0) as u32).min(side - length), length)
    };
    let ((left, w), (top, h)) = (part(width, x), part(height, y));
    let view = crop_imm(scene, left, top, w, h).to_image();
    let short = f64::from(w.min(h));
    match made {
        Made::Exposed => {
            let light = 2f64.powf(if random.next() < 0.5 { -0.7 } else { 0.6 });
            let mut view = view;
            view.iter_mut().for_each(|value| {
                *value = (255.0 * ((f64::from(*value) / 255.0).powf(2.2) * light).powf(1.0 / 2.2)).min(255.0) as u8;
            });
            jpeg(&view, 92)
        }
        Made::Exported => jpeg(&resize(&view, w * 3 / 4, h * 3 / 4, FilterType::Triangle), 70),
        Made::Blurred => jpeg(&blur(&view, (short * random.between(0.004, 0.008)) as f32), 92),
        Made::Plain | Made::Shifted | Made::Zoomed => jpeg(&view, 92),
    }
}

pub fn jpeg(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    let (width, height) = image.dimensions();
    encoder
        .encode(image, width as u16, height as u16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    file
}
