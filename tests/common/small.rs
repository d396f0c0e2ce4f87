//! A small model to train, and eight photos for it to learn.

use std::path::Path;

/// Of a configuration: two blocks, one of them with experts, on patches.
pub const NETWORK: &str = r#"
[model.config]
image = 224
patch = 56
embed_dim = 32
adapter = 16
experts = 2
vision = { width = 64, layers = 2, moae_from = 1, context_length = 17, ratio = 2 }
"#;

/// Writes eight photos and `labels.csv`.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn eight_photos(folder: &Path) {
    let mut labels = String::from("image,mos\n");
    for index in 0..8_u32 {
        let tint = (index * 30) as u8;
        let picture = image::RgbImage::from_fn(240, 230, |x, y| {
            let wave = ((x * (index + 1)) / 16 + y / 16) % 2;
            image::Rgb([tint, if wave == 0 { 40 } else { 200 }, 255 - tint])
        });
        picture.save(folder.join(format!("{index}.png"))).expect("written");
        labels += &format!("{index}.png,{}\n", 25 + (index * 37) % 70);
    }
    std::fs::write(folder.join("labels.csv"), labels).expect("written");
}
