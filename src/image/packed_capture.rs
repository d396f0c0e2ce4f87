//! A capture as bytes, on its way through JavaScript.

use super::Capture;

/// Bytes of a number.
const NUMBER: usize = size_of::<f64>();
/// How many numbers come before the camera's name.
const NUMBERS: usize = 5;

impl Capture {
    /// Five numbers, each not a number where there is none, then the camera's name.
    pub fn packed(&self) -> Vec<u8> {
        let wide = |value: Option<f32>| value.map_or(f64::NAN, f64::from);
        let numbers: [f64; NUMBERS] = [
            self.time.unwrap_or(f64::NAN),
            wide(self.exposure_bias),
            wide(self.exposure),
            wide(self.focus_distance),
            f64::from(u8::from(self.bracketed)),
        ];
        let camera = self.camera.as_deref().unwrap_or_default();
        let mut bytes: Vec<u8> = numbers.into_iter().flat_map(f64::to_le_bytes).collect();
        bytes.extend_from_slice(camera.as_bytes());
        bytes
    }

    /// What [`packed`](Self::packed) gave; of other bytes something, or nothing.
    pub fn unpacked(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            let bytes = bytes.get(NUMBER * at..NUMBER * (at + 1))?;
            Some(f64::from_le_bytes(bytes.try_into().ok()?)).filter(|number| !number.is_nan())
        };
        let narrow = |at: usize| number(at).map(|number| number as f32);
        let camera = bytes.get(NUMBER * NUMBERS..).unwrap_or_default();
        Self {
            time: number(0),
            camera: Some(String::from_utf8_lossy(camera).into_owned()).filter(|name| !name.is_empty()),
            exposure_bias: narrow(1),
            exposure: narrow(2),
            focus_distance: narrow(3),
            bracketed: number(4) == Some(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Capture;

    #[test]
    fn a_capture_comes_back_as_it_was() {
        let whole = Capture {
            time: Some(1_795_774_830.123_456),
            camera: Some("Måde One".to_owned()),
            exposure_bias: Some(-2.0 / 3.0),
            exposure: Some(0.0),
            bracketed: true,
            focus_distance: Some(0.3),
        };
        for capture in [whole, Capture::default()] {
            assert_eq!(Capture::unpacked(&capture.packed()), capture);
        }
        assert_eq!(Capture::unpacked(b"short"), Capture::default());
    }
}
