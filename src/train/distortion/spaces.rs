//! Colour spaces. RGB is sRGB in 0..=255 throughout; values outside are carried along, not cut off.

/// Full-range YCbCr of BT.601, as JPEG has it; Cb and Cr lie around 0.
pub(super) fn to_ycbcr([r, g, b]: [f32; 3]) -> [f32; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, (b - y) / 1.772, (r - y) / 1.402]
}

/// The inverse of [`to_ycbcr`].
pub(super) fn from_ycbcr([y, cb, cr]: [f32; 3]) -> [f32; 3] {
    let (r, b) = (y + 1.402 * cr, y + 1.772 * cb);
    [r, (y - 0.299 * r - 0.114 * b) / 0.587, b]
}

/// The white of sRGB, D65, in XYZ.
const WHITE: [f32; 3] = [0.950_47, 1.0, 1.088_83];

/// CIE 1976 L*a*b* under D65: L in 0..=100, a and b about -110..=110.
pub(super) fn to_lab(rgb: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|value| {
        let value = value / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    let xyz = [
        0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b,
        0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b,
        0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b,
    ];
    let [x, y, z] = std::array::from_fn(|axis| {
        let t = xyz[axis] / WHITE[axis];
        if t > 0.008_856_452 {
            t.cbrt()
        } else {
            7.787_037 * t + 4.0 / 29.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The inverse of [`to_lab`]; colours that sRGB does not have come out below 0 or above 255.
pub(super) fn from_lab([l, a, b]: [f32; 3]) -> [f32; 3] {
    let y = (l + 16.0) / 116.0;
    let root = [y + a / 500.0, y, y - b / 200.0];
    let [x, y, z] = std::array::from_fn(|axis| {
        let t: f32 = root[axis];
        let linear = if t > 6.0 / 29.0 {
            t * t * t
        } else {
            (t - 4.0 / 29.0) / 7.787_037
        };
        linear * WHITE[axis]
    });
    let linear = [
        3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z,
        -0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z,
        0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z,
    ];
    linear.map(|value| {
        let value = if value <= 0.003_130_8 {
            12.92 * value
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        255.0 * value
    })
}

/// `rgb` with its saturation in HSV multiplied by `factor`, at most up to 1; hue and value stay.
pub(super) fn scale_hsv_saturation(rgb: [f32; 3], factor: f32) -> [f32; 3] {
    let value = rgb[0].max(rgb[1]).max(rgb[2]);
    let least = rgb[0].min(rgb[1]).min(rgb[2]);
    // S = (max - min) / max: at a fixed hue and value each channel's distance from the largest is proportional to it.
    let most = if value > least { value / (value - least) } else { 1.0 };
    rgb.map(|channel| value - (value - channel) * factor.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_colour() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    let rgb = [r, g, b].map(|value: u16| f32::from(value));
                    for back in [from_ycbcr(to_ycbcr(rgb)), from_lab(to_lab(rgb))] {
                        let off = back.iter().zip(rgb).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                        assert!(off < 0.02, "{rgb:?} became {back:?}");
                    }
                }
            }
        }
    }

    /// Lab of sRGB's primaries under D65, to two decimals (Lindbloom, <http://www.brucelindbloom.com>).
    #[test]
    fn lab_of_the_primaries_is_the_published_one() {
        for (rgb, lab) in [
            ([255.0, 0.0, 0.0], [53.24, 80.09, 67.20]),
            ([0.0, 255.0, 0.0], [87.73, -86.18, 83.18]),
            ([0.0, 0.0, 255.0], [32.30, 79.19, -107.86]),
            ([255.0, 255.0, 255.0], [100.0, 0.0, 0.0]),
        ] {
            let found = to_lab(rgb);
            let off = found
                .iter()
                .zip(lab)
                .map(|(a, b): (&f32, f32)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(off < 0.03, "{rgb:?}: {found:?}, published {lab:?}");
        }
    }

    #[test]
    fn saturation_0_is_gray_and_never_exceeds_1() {
        assert_eq!(scale_hsv_saturation([200.0, 100.0, 50.0], 0.0), [200.0; 3]);
        assert_eq!(scale_hsv_saturation([200.0, 100.0, 50.0], 0.5), [200.0, 150.0, 125.0]);
        let full = scale_hsv_saturation([200.0, 100.0, 50.0], 9.0);
        assert!(full[2].abs() < 1e-3, "{full:?}");
    }
}
