//! The little of CBOR (RFC 8949) that is needed to find a few fields in an assertion of C2PA.
//!
//! Nothing is built: a value is the bytes that begin with it. Crates that decode CBOR are several times the size of
//! this, and a browser's module has a budget.

/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// A value, and whatever follows it.
#[derive(Clone, Copy)]
pub(super) struct Value<'a>(&'a [u8]);

/// The head of a value: major type, argument (`None`: of indefinite length) and what follows.
type Head<'a> = (u8, Option<usize>, &'a [u8]);

const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const BREAK: u8 = 0xFF;

impl<'a> Value<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn head(self) -> Option<Head<'a>> {
        let (&first, rest) = self.0.split_first()?;
        let (major, low) = (first >> 5, first & 31);
        let length = match low {
            0..=23 => return Some((major, Some(usize::from(low)), rest)),
            24..=27 => 1 << (low - 24),
            31 => return Some((major, None, rest)),
            _ => return None,
        };
        let (argument, rest) = rest.split_at_checked(length)?;
        let value = argument.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        Some((major, Some(usize::try_from(value).ok()?), rest))
    }

    /// What follows the value.
    fn skip(self, depth: usize) -> Option<Self> {
        let (major, argument, rest) = self.head()?;
        let mut rest = Self(rest);
        let items = match (major, argument) {
            (0 | 1 | 7, _) => return Some(rest),
            (2 | TEXT, Some(length)) => return Some(Self(rest.0.get(length..)?)),
            (TAG, _) => Some(1),
            (MAP, Some(count)) => Some(count.checked_mul(2)?),
            (_, count) => count,
        };
        let depth = depth.checked_sub(1)?;
        let mut left = items;
        loop {
            match left {
                Some(0) => return Some(rest),
                Some(count) => left = Some(count - 1),
                None if rest.0.first() == Some(&BREAK) => return Some(Self(rest.0.get(1..)?)),
                None => {}
            }
            rest = rest.skip(depth)?;
        }
    }

    /// A text of definite length.
    pub(super) fn text(self) -> Option<&'a str> {
        match self.head()? {
            (TEXT, Some(length), rest) => std::str::from_utf8(rest.get(..length)?).ok(),
            _ => None,
        }
    }

    /// The values in an array, or the keys and values in turn in a map.
    fn inside(self, wanted: u8) -> impl Iterator<Item = Value<'a>> {
        let head = self.head().filter(|(major, ..)| *major == wanted);
        let (mut left, mut rest) = match head {
            Some((_, count, rest)) => (
                count.map(|count| if wanted == MAP { count.saturating_mul(2) } else { count }),
                rest,
            ),
            None => (Some(0), self.0),
        };
        std::iter::from_fn(move || {
            match left {
                Some(0) => return None,
                Some(count) => left = Some(count - 1),
                None if rest.first() == Some(&BREAK) => return None,
                None => {}
            }
            let value = Value(rest);
            rest = value.skip(MAX_DEPTH)?.0;
            Some(value)
        })
    }

    /// The values in an array; none in anything else.
    pub(super) fn items(self) -> impl Iterator<Item = Value<'a>> {
        self.inside(ARRAY)
    }

    /// The value of a key in a map.
    pub(super) fn get(self, key: &str) -> Option<Value<'a>> {
        let mut inside = self.inside(MAP);
        while let (Some(found), Some(value)) = (inside.next(), inside.next()) {
            if found.text() == Some(key) {
                return Some(value);
            }
        }
        None
    }

    /// The text of a key in a map.
    pub(super) fn text_of(self, key: &str) -> Option<&'a str> {
        self.get(key)?.text()
    }
}
