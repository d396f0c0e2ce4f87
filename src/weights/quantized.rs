//! How a quantised weight lies in a file: codes of 2 to 8 bits, a scale for each group of a row, perhaps another tensor to
//! add. `docs/weights-format.md` shows it on an example.

use std::collections::BTreeMap;

use safetensors::Dtype;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What the metadata `quantization` of a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantization {
    /// `q8` or `q4`.
    pub scheme: String,
    /// The quantised tensors of this file.
    pub tensors: BTreeMap<String, QuantizedLayout>,
}

/// How one weight matrix is quantised: `weight = code * scale (+ base)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantizedLayout {
    /// Bits of a code, 2 to 8. A code is a whole number from `-2^(bits-1)` to `2^(bits-1) - 1`.
    pub bits: u32,
    /// Neighbouring weights of a row that share a scale; divides the row.
    pub group: usize,
    /// `[out, in]` of the weight.
    pub shape: [usize; 2],
    /// An earlier tensor of the same file and shape to which this one is the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// The name of the scales of tensor `name`.
pub fn scale_name(name: &str) -> String {
    format!("{name}_scale")
}

impl QuantizedLayout {
    /// Refuses numbers that describe no matrix.
    ///
    /// # Errors
    /// [`Error::WeightsMetadata`] naming the tensor.
    pub fn check(&self, name: &str) -> Result<()> {
        let [outputs, inputs] = self.shape;
        let refuse = |reason: &str| Err(Error::WeightsMetadata(format!("quantised tensor `{name}` {reason}")));
        if !(2..=8).contains(&self.bits) {
            return refuse("has codes of less than 2 or more than 8 bits");
        }
        // Far above any layer, far below overflow.
        if outputs == 0 || inputs == 0 || outputs > 1 << 20 || inputs > 1 << 20 {
            return refuse("has a side of 0 or above 2^20");
        }
        if self.group == 0 || inputs % self.group != 0 {
            return refuse("has groups that do not divide its rows");
        }
        if !(inputs * self.bits as usize).is_multiple_of(8) {
            return refuse("has rows that end within a byte");
        }
        Ok(())
    }

    /// Element type of the codes.
    pub fn dtype(&self) -> Dtype {
        if self.bits == 8 { Dtype::I8 } else { Dtype::U8 }
    }

    /// Shape of the tensor that holds the codes, in elements of [`dtype`](Self::dtype).
    pub fn code_shape(&self) -> [usize; 2] {
        [self.shape[0], self.row_bytes()]
    }

    /// Shape of the tensor that holds the scales, `[out, in / group]`.
    pub fn scale_shape(&self) -> [usize; 2] {
        [self.shape[0], self.shape[1] / self.group]
    }

    /// Bytes of the codes of one row.
    pub fn row_bytes(&self) -> usize {
        self.shape[1] * self.bits as usize / 8
    }

    /// Codes as they lie in a file, `[out, in]` row by row.
    pub fn pack(&self, codes: &[i8]) -> Vec<u8> {
        if self.bits == 8 {
            return codes.iter().map(|&code| code as u8).collect();
        }
        let offset = 1i16 << (self.bits - 1);
        let mut bytes = Vec::with_capacity(self.shape[0] * self.row_bytes());
        for row in codes.chunks(self.shape[1].max(1)) {
            let (mut stream, mut filled) = (0u32, 0);
            for &code in row {
                stream |= u32::from((i16::from(code) + offset) as u8) << filled;
                filled += self.bits;
                while filled >= 8 {
                    bytes.push(stream as u8);
                    stream >>= 8;
                    filled -= 8;
                }
            }
        }
        bytes
    }

    /// The codes of some rows, `bytes` holding whole rows as [`pack`](Self::pack) wrote them.
    pub fn unpack(&self, bytes: &[u8]) -> Vec<i8> {
        if self.bits == 8 {
            return bytes.iter().map(|&byte| byte as i8).collect();
        }
        let (offset, mask) = (1i16 << (self.bits - 1), (1u32 << self.bits) - 1);
        let rows = bytes.len() / self.row_bytes().max(1);
        let mut codes = Vec::with_capacity(rows * self.shape[1]);
        for row in bytes.chunks_exact(self.row_bytes().max(1)) {
            let (mut stream, mut filled) = (0u32, 0);
            for &byte in row {
                stream |= u32::from(byte) << filled;
                filled += 8;
                while filled >= self.bits {
                    codes.push(((stream & mask) as i16 - offset) as i8);
                    stream >>= self.bits;
                    filled -= self.bits;
                }
            }
        }
        codes
    }

    /// `code * scale` of some rows.
    ///
    /// # Shapes
    /// - `codes`: `[rows, in]`, `scales`: `[rows, in / group]`
    /// - output: `[rows, in]`
    pub fn dequantize(&self, codes: &[i8], scales: &[f32]) -> Vec<f32> {
        let groups = codes.chunks(self.group.max(1)).zip(scales);
        groups
            .flat_map(|(codes, &scale)| codes.iter().map(move |&code| f32::from(code) * scale))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn layout(bits: u32, shape: [usize; 2]) -> QuantizedLayout {
        QuantizedLayout {
            bits,
            group: 8,
            shape,
            base: None,
        }
    }

    proptest! {
        #[test]
        fn codes_come_back(bits in 2u32..=8, rows in 1usize..5, eights in 1usize..9, seed in vec(any::<i8>(), 320)) {
            let layout = layout(bits, [rows, 8 * eights]);
            layout.check("w").expect("a layout");
            let codes: Vec<i8> = seed.iter().take(rows * 8 * eights).map(|code| code >> (8 - bits)).collect();
            let packed = layout.pack(&codes);
            prop_assert_eq!(packed.len(), rows * layout.row_bytes());
            prop_assert_eq!(layout.unpack(&packed), codes);
        }
    }

    #[test]
    fn three_bit_codes_are_a_little_endian_stream() {
        // -4..=3 stored as 0..=7, least significant bits first: 0b111_110_101_100_011_010_001_000.
        let packed = layout(3, [1, 8]).pack(&[-4, -3, -2, -1, 0, 1, 2, 3]);
        assert_eq!(packed, 0b1111_1010_1100_0110_1000_1000u32.to_le_bytes()[..3]);
    }

    #[test]
    fn numbers_that_describe_no_matrix_are_refused() {
        let good = layout(4, [2, 16]);
        assert!(good.check("w").is_ok());
        let change = |change: fn(&mut QuantizedLayout)| {
            let mut bad = good.clone();
            change(&mut bad);
            bad.check("w").map_err(|error| error.code())
        };
        assert_eq!(change(|l| l.bits = 1), Err("weights-metadata"));
        assert_eq!(change(|l| l.bits = 9), Err("weights-metadata"));
        assert_eq!(change(|l| l.group = 5), Err("weights-metadata"));
        assert_eq!(change(|l| l.group = 0), Err("weights-metadata"));
        assert_eq!(change(|l| l.shape = [0, 16]), Err("weights-metadata"));
        assert_eq!(change(|l| l.shape = [2, 1 << 40]), Err("weights-metadata"));
        assert_eq!(
            change(|l| (l.bits, l.group, l.shape) = (3, 1, [1, 4])),
            Err("weights-metadata")
        );
    }
}
