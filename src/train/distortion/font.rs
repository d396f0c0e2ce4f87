//! Letters for the contact sheet: as little as its captions need.

/// Width of a letter in pixels; one more parts it from the next.
pub(super) const WIDTH: usize = 5;
/// Height of a letter in pixels.
pub(super) const HEIGHT: usize = 7;

/// The rows of the letters a to z, drawn as capitals; the highest of five bits is the left pixel.
#[rustfmt::skip]
const LETTERS: [[u8; HEIGHT]; 26] = [
    [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001], // a
    [0b11110, 0b10001, 0b10001, 0b11110, 0b10001, 0b10001, 0b11110], // b
    [0b01111, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b01111], // c
    [0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110], // d
    [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111], // e
    [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000], // f
    [0b01111, 0b10000, 0b10000, 0b10011, 0b10001, 0b10001, 0b01111], // g
    [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001], // h
    [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110], // i
    [0b00111, 0b00010, 0b00010, 0b00010, 0b00010, 0b10010, 0b01100], // j
    [0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001], // k
    [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111], // l
    [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001], // m
    [0b10001, 0b11001, 0b10101, 0b10011, 0b10001, 0b10001, 0b10001], // n
    [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110], // o
    [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000], // p
    [0b01110, 0b10001, 0b10001, 0b10001, 0b10101, 0b10010, 0b01101], // q
    [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001], // r
    [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110], // s
    [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100], // t
    [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110], // u
    [0b10001, 0b10001, 0b10001, 0b10001, 0b01010, 0b01010, 0b00100], // v
    [0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b11011, 0b10001], // w
    [0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b01010, 0b10001], // x
    [0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100], // y
    [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b11111], // z
];
/// The digits of JPEG 2000.
const ZERO: [u8; HEIGHT] = [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110];
const TWO: [u8; HEIGHT] = [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111];
/// The row of a hyphen that is not empty.
const HYPHEN: u8 = 0b01110;

/// Whether the pixel `x`, `y` of `letter` is ink; other signs than small letters, those digits and a hyphen are empty.
pub(super) fn ink(letter: u8, x: usize, y: usize) -> bool {
    let rows = match letter {
        b'a'..=b'z' => LETTERS[usize::from(letter - b'a')],
        b'0' => ZERO,
        b'2' => TWO,
        b'-' => [0, 0, 0, HYPHEN, 0, 0, 0],
        _ => [0; HEIGHT],
    };
    x < WIDTH && y < HEIGHT && rows[y] >> (WIDTH - 1 - x) & 1 == 1
}
