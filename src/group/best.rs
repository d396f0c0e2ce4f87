//! Which photo of a group is likely the best, and why in words.

use crate::image::Pixels;

/// A photo is told to be sharper or less sharp than another from this ratio on.
const SHARPER: f32 = 1.25;
/// A photo is told to be darker or lighter than the others from this on, in stops.
const STOPS: f32 = 0.5;
/// A photo is told to have lost its lights from this share of its pixels on.
const BURNT: f32 = 0.05;

/// What can be said of a photo in words, beside its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Mean difference of neighbouring pixels over their mean, in brightness: sharp edges, and noise, make it large.
    /// Only photos of the same are comparable.
    pub sharpness: f32,
    /// Mean brightness in stops; one more is twice the light.
    pub brightness: f32,
    /// The share of pixels that are white in every channel.
    pub burnt: f32,
}

impl Look {
    /// Of a photo as the model looks at it, at its size.
    pub fn of(pixels: &Pixels) -> Self {
        let width = pixels.width as usize;
        let luma: Vec<f32> = pixels.rgb.chunks_exact(3).map(luma).collect();
        let mean = |values: &mut dyn Iterator<Item = f32>| {
            let (sum, count) = values.fold((0.0_f64, 0_u64), |(sum, count), value| {
                (sum + f64::from(value), count + 1)
            });
            (sum / count.max(1) as f64) as f32
        };
        let differences = &mut luma
            .chunks_exact(width.max(1))
            .flat_map(|row| row.windows(2).map(|pair| (pair[1] - pair[0]).abs()));
        let difference = mean(differences);
        // As light, of which the bytes are about the root.
        let light = mean(&mut luma.iter().map(|value| value.powf(2.2)));
        let white = pixels
            .rgb
            .chunks_exact(3)
            .filter(|pixel| pixel.iter().all(|&value| value >= 254))
            .count();
        Self {
            sharpness: difference / mean(&mut luma.iter().copied()).max(1e-3),
            brightness: light.max(1e-6).log2(),
            burnt: white as f32 / luma.len().max(1) as f32,
        }
    }
}

fn luma(pixel: &[u8]) -> f32 {
    let weighted = pixel
        .iter()
        .zip([0.2126, 0.7152, 0.0722])
        .map(|(&value, weight)| f32::from(value) * weight);
    weighted.sum::<f32>() / 255.0
}

/// A photo of a group that may be its best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The model's score as [`Assessment::percent`](crate::scorer::Assessment::percent), 0 to 100.
    pub percent: f32,
    /// What can be said beside it.
    pub look: Look,
}

/// The choice among some photos.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The place of the best: the highest score, of equal ones the first.
    pub best: usize,
    /// A sentence that says what sets it apart from the others.
    pub why: String,
}

/// Chooses the likely best; `None` of nothing.
pub fn choose(candidates: &[Candidate]) -> Option<Choice> {
    let (first, rest) = candidates.split_first()?;
    let (best, chosen) = (1..).zip(rest).fold(
        (0, first),
        |best, next| {
            if next.1.percent > best.1.percent { next } else { best }
        },
    );
    let others: Vec<&Candidate> = candidates
        .iter()
        .enumerate()
        .filter(|&(place, _)| place != best)
        .map(|(_, other)| other)
        .collect();
    let Some(next) = others.iter().map(|other| other.percent).reduce(f32::max) else {
        return Some(Choice {
            best,
            why: "the only photo of its kind".to_owned(),
        });
    };
    let mut parts = vec![format!(
        "highest score of {}: {:.1}, the next {next:.1}",
        candidates.len(),
        chosen.percent
    )];
    let count = |is: &dyn Fn(&Look) -> bool| others.iter().filter(|other| is(&other.look)).count();
    let own = chosen.look;
    let mut say = |number: usize, what: &str| match number {
        0 => {}
        number if number == others.len() && number > 1 => parts.push(format!("{what} all others")),
        1 if others.len() == 1 => parts.push(format!("{what} the other")),
        number => parts.push(format!("{what} {number} of the others")),
    };
    say(
        count(&|other| own.sharpness >= other.sharpness * SHARPER),
        "sharper than",
    );
    say(
        count(&|other| other.sharpness >= own.sharpness * SHARPER),
        "less sharp than",
    );
    say(
        count(&|other| own.brightness >= other.brightness + STOPS),
        "lighter than",
    );
    say(
        count(&|other| other.brightness >= own.brightness + STOPS),
        "darker than",
    );
    say(
        count(&|other| other.burnt >= own.burnt + BURNT),
        "fewer burnt-out lights than",
    );
    Some(Choice {
        best,
        why: parts.join("; "),
    })
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Look, choose};
    use crate::image::Pixels;

    const LOOK: Look = Look {
        sharpness: 0.1,
        brightness: -2.0,
        burnt: 0.0,
    };

    #[test]
    fn the_highest_score_is_the_best_and_the_sentence_says_what_is_measured() {
        let blurred = Candidate {
            percent: 40.0,
            look: Look {
                sharpness: 0.05,
                ..LOOK
            },
        };
        let dark = Candidate {
            percent: 55.0,
            look: Look {
                brightness: -3.2,
                ..LOOK
            },
        };
        let good = Candidate {
            percent: 61.25,
            look: LOOK,
        };
        let choice = choose(&[blurred, good, dark, good]).unwrap();
        assert_eq!(choice.best, 1);
        assert_eq!(
            choice.why,
            "highest score of 4: 61.2, the next 61.2; sharper than 1 of the others; lighter than 1 of the others"
        );
        assert_eq!(
            choose(&[good, blurred]).unwrap().why,
            "highest score of 2: 61.2, the next 40.0; sharper than the other"
        );
        assert_eq!(choose(&[dark]).unwrap().why, "the only photo of its kind");
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn a_look_is_what_it_says() {
        let photo = |level: u8, contrast: u8| {
            let rgb = (0..64 * 64)
                .flat_map(|at| [level + contrast * (at % 2) as u8; 3])
                .collect();
            Look::of(&Pixels {
                width: 64,
                height: 64,
                rgb,
            })
        };
        assert_eq!(photo(100, 0).sharpness, 0.0);
        assert!(photo(100, 20).sharpness > photo(100, 10).sharpness);
        // Half the light is the byte 100 / 2^(1 / 2.2).
        assert!((photo(100, 0).brightness - photo(73, 0).brightness - 1.0).abs() < 0.02);
        assert_eq!((photo(254, 0).burnt, photo(253, 0).burnt), (1.0, 0.0));
    }
}
