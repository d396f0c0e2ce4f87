//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): integers alone, so that
//! every platform draws the same numbers.

/// The generator's state.
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..=last`. Draws that would favour the small numbers are thrown away.
    pub(crate) fn up_to(&mut self, last: u32) -> u32 {
        let choices = u64::from(last) + 1;
        let unfair = (u64::MAX % choices + 1) % choices;
        loop {
            let draw = self.next_u64();
            if draw <= u64::MAX - unfair {
                return (draw % choices) as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    /// First outputs for seed 1234567, from the reference implementation by Sebastiano Vigna
    /// (<https://prng.di.unimi.it/splitmix64.c>).
    #[test]
    fn gives_the_published_sequence() {
        let mut random = SplitMix64::new(1_234_567);
        let drawn: [u64; 5] = std::array::from_fn(|_| random.next_u64());
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn every_choice_comes_up_about_equally_often() {
        let mut random = SplitMix64::new(7);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[random.up_to(6) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!(random.up_to(0), 0);
    }
}
