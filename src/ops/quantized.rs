//! A weight matrix in codes of 2 to 8 bits, as it lies in memory and in a file: `weight = code * scale (+ base)`.
//! Layout: `docs/weights-format.md`.

use std::{ops::Range, sync::Arc};

use burn::tensor::{Device, Tensor};
use gamma_kernels::{Codes, Row, Rows, unpack};
use half::f16;

#[cfg(feature = "gpu")]
use super::gpu;
use super::upload;

/// The scales of a matrix, a number for each group of each row.
#[derive(Debug, Clone)]
pub enum Scales {
    /// Half precision.
    F16(Vec<f16>),
    /// Single precision.
    F32(Vec<f32>),
}

impl Scales {
    fn get(&self, at: usize) -> f32 {
        match self {
            Self::F16(scales) => scales.get(at).map_or(0.0, |scale| scale.to_f32()),
            Self::F32(scales) => scales.get(at).copied().unwrap_or(0.0),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F16(scales) => scales.len(),
            Self::F32(scales) => scales.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How products with a matrix in codes are computed in the browser's modules. Natively it makes no difference, but for shaders of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// On the CPU in whole numbers where that pays: what is multiplied with the codes is rounded to 7 bits, or to 15 in the module without
    /// relaxed SIMD. On a GPU in half precision where that pays.
    #[default]
    Fast,
    /// In single precision, with the weights that the codes stand for.
    Exact,
}

/// A matrix `[rows, columns]` in codes. Clones and slices of rows share their bytes.
#[derive(Debug, Clone)]
pub struct QuantizedMatrix {
    codes: Arc<Vec<u8>>,
    scales: Arc<Scales>,
    /// The part of the stored rows that this is.
    rows: Range<usize>,
    columns: usize,
    bits: u32,
    group: usize,
    /// The matrix to which this one is the difference, its rows in step with these.
    base: Option<Box<QuantizedMatrix>>,
    precision: Precision,
    /// All stored rows on the device, where the bytes above may be gone.
    #[cfg(feature = "gpu")]
    resident: Option<Arc<gpu::Codes>>,
    /// The same for all clones and slices, and for none else.
    identity: Arc<()>,
}

impl QuantizedMatrix {
    /// A matrix of `[rows, columns]` whose codes have `bits` bits, 2 to 8, and whose rows share a scale for each `group`
    /// neighbours; `None` if the lengths do not fit each other or the `base`.
    pub fn new(
        [rows, columns]: [usize; 2],
        bits: u32,
        group: usize,
        codes: Vec<u8>,
        scales: Scales,
        base: Option<QuantizedMatrix>,
    ) -> Option<Self> {
        let row_bits = columns.checked_mul(bits as usize)?;
        let fits = (2..=8).contains(&bits)
            && columns > 0
            && row_bits.is_multiple_of(8)
            && columns.checked_rem(group) == Some(0)
            && codes.len() == rows.checked_mul(row_bits / 8)?
            && scales.len() == rows.checked_mul(columns / group)?
            && base.as_ref().is_none_or(|base| base.shape() == [rows, columns]);
        fits.then(|| Self {
            codes: Arc::new(codes),
            scales: Arc::new(scales),
            rows: 0..rows,
            columns,
            bits,
            group,
            base: base.map(Box::new),
            precision: Precision::Exact,
            #[cfg(feature = "gpu")]
            resident: None,
            identity: Arc::new(()),
        })
    }

    /// The same matrix for products of another precision; [`Exact`](Precision::Exact) unless told.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// How its products are computed.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// `[rows, columns]`.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows.len(), self.columns]
    }

    /// Some of the rows, sharing the bytes of all. Rows beyond the last are left out.
    pub fn slice_rows(&self, rows: Range<usize>) -> Self {
        let at = |row: usize| (self.rows.start + row).min(self.rows.end);
        Self {
            rows: at(rows.start)..at(rows.end),
            base: self.base.as_ref().map(|base| Box::new(base.slice_rows(rows.clone()))),
            ..self.clone()
        }
    }

    /// The codes without their base, if that is the very matrix `base`: a product with this matrix is then that with `base` plus
    /// that with the difference.
    pub fn difference_from(&self, base: &Self) -> Option<Self> {
        let own = self.base()?;
        let same = Arc::ptr_eq(&own.identity, &base.identity) && own.rows == base.rows;
        (same && base.base.is_none()).then(|| Self {
            base: None,
            ..self.clone()
        })
    }

    /// The same matrix with its codes on the device and nothing in host memory; itself if the device's kernels can't read them there. Only
    /// products and slices are left to it.
    #[cfg(feature = "gpu")]
    pub fn on_device(mut self) -> Self {
        if self.resident.is_none() {
            let stored = 8 * self.codes.len() / (self.columns * self.bits as usize);
            let whole = Self {
                rows: 0..stored,
                base: None,
                ..self.clone()
            };
            self.resident = gpu::Codes::new(&whole).map(Arc::new);
        }
        if self.resident.is_some() {
            self.codes = Arc::default();
            self.scales = Arc::new(Scales::F32(Vec::new()));
        }
        self.base = self.base.map(|base| Box::new(base.on_device()));
        self
    }

    /// The codes on the device, and the first of their rows that belongs to this matrix.
    #[cfg(feature = "gpu")]
    pub(super) fn resident(&self) -> Option<(&gpu::Codes, usize)> {
        self.resident.as_deref().map(|codes| (codes, self.rows.start))
    }

    /// How many bits a code has.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The bytes of all codes, row by row.
    #[cfg(feature = "gpu")]
    pub(super) fn code_bytes(&self) -> &[u8] {
        &self.codes
    }

    /// Columns `from..` of a row into `values`, as many as it holds. `from` is a multiple of 8.
    pub fn row(&self, row: usize, from: usize, values: &mut [f32]) {
        let own = Row {
            bits: self.bits,
            bytes: self.bytes(row, from),
            from,
            group: self.group,
            scale: &|column| self.scale(row, column),
        };
        match &self.base {
            Some(base) => {
                base.row(row, from, values);
                own.add(values);
            }
            None => own.write(values),
        }
    }

    /// The whole matrix as `f32`, row by row.
    pub fn dequantize(&self) -> Vec<f32> {
        let [rows, columns] = self.shape();
        let mut values = vec![0.0; rows * columns];
        for (row, values) in values.chunks_exact_mut(columns.max(1)).enumerate() {
            self.row(row, 0, values);
        }
        values
    }

    /// The whole matrix as a tensor `[rows, columns]`.
    pub fn to_tensor(&self, device: &Device) -> Tensor<2> {
        upload(self.dequantize(), self.shape(), device)
    }

    /// The rows of the given numbers as a tensor `[numbers, columns]`; a row that the matrix lacks is zeros.
    pub fn gather(&self, numbers: &[usize], device: &Device) -> Tensor<2> {
        let mut values = vec![0.0; numbers.len() * self.columns];
        for (&row, values) in numbers.iter().zip(values.chunks_exact_mut(self.columns.max(1))) {
            if row < self.rows.len() {
                self.row(row, 0, values);
            }
        }
        upload(values, [numbers.len(), self.columns], device)
    }

    /// How many neighbours in a row share a scale.
    pub fn group(&self) -> usize {
        self.group
    }

    /// The matrix to which this one is the difference.
    pub fn base(&self) -> Option<&Self> {
        self.base.as_deref()
    }

    /// Itself for products in whole numbers, which do not suit a difference from another matrix.
    pub fn without_base(&self) -> Option<&dyn Codes> {
        match self.base {
            Some(_) => None,
            None => Some(self),
        }
    }

    /// The scale of a row's codes around `column`.
    pub fn scale(&self, row: usize, column: usize) -> f32 {
        let groups = self.columns / self.group;
        self.scales.get((self.rows.start + row) * groups + column / self.group)
    }

    /// The bytes of a row from a column on that begins a byte.
    fn bytes(&self, row: usize, from: usize) -> &[u8] {
        let (row, bits) = (self.rows.start + row, self.bits as usize);
        let row_bytes = self.columns * bits / 8;
        let start = row * row_bytes + from * bits / 8;
        self.codes.get(start..(row + 1) * row_bytes).unwrap_or_default()
    }
}

impl Rows for QuantizedMatrix {
    fn shape(&self) -> [usize; 2] {
        self.shape()
    }

    // Unpacked once for each panel, that is once for all rows of `x`: no copy of the matrix in f32 ever exists.
    fn row<'a>(&'a self, row: usize, from: usize, buffer: &'a mut [f32]) -> &'a [f32] {
        self.row(row, from, buffer);
        buffer
    }
}

impl Codes for QuantizedMatrix {
    fn shape(&self) -> [usize; 2] {
        self.shape()
    }

    fn group(&self) -> usize {
        self.group
    }

    fn codes(&self, row: usize, codes: &mut [i8]) {
        unpack(self.bits, self.bytes(row, 0), codes);
    }

    fn scale(&self, row: usize, column: usize) -> f32 {
        self.scale(row, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of `docs/weights-format.md`.
    #[test]
    fn a_row_of_three_bit_codes() {
        let scales = Scales::F16(vec![f16::from_le_bytes([0x00, 0x2c]), f16::from_le_bytes([0x00, 0xb4])]);
        let codes = vec![0x38, 0xe7, 0x2a];
        let matrix = QuantizedMatrix::new([1, 8], 3, 4, codes, scales, None).expect("lengths that fit");
        let expected = [-0.25, 0.1875, 0.0, -0.0625, -0.5, -0.25, 0.5, 0.75];
        assert_eq!(matrix.dequantize(), expected);
    }

    #[test]
    fn lengths_that_do_not_fit_make_no_matrix() {
        let scales = |count| Scales::F32(vec![1.0; count]);
        let made = |shape, bits, group, codes, scales| {
            QuantizedMatrix::new(shape, bits, group, vec![0; codes], scales, None).is_some()
        };
        assert!(made([2, 8], 4, 8, 8, scales(2)));
        assert!(!made([2, 8], 4, 8, 7, scales(2)));
        assert!(!made([2, 8], 4, 8, 8, scales(3)));
        assert!(!made([2, 8], 4, 0, 8, scales(2)));
        assert!(!made([2, 8], 9, 8, 18, scales(2)));
        assert!(!made([2, 6], 2, 6, 3, scales(2)));
        assert!(!made([2, usize::MAX], 8, 1, 8, scales(2)));
    }

    #[test]
    fn rows_that_a_table_lacks_are_zeros() {
        let matrix = QuantizedMatrix::new([2, 1], 8, 1, vec![3, 5], Scales::F32(vec![1.0, 2.0]), None);
        let rows = matrix.expect("a matrix").gather(&[1, 7, 0], &Device::flex());
        assert_eq!(rows.into_data().try_into_vec::<f32>().expect("f32"), [10.0, 0.0, 3.0]);
    }
}
