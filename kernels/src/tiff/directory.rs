//! The directory that a page gets, as a TIFF file of 64-bit offsets has it.

use super::{Chunks, Page};

/// Bytes of the header before the file.
const HEAD: usize = 16;

enum Value<'a> {
    Short(u32),
    Longs(&'a [u64]),
    Bytes(&'a [u8]),
}

/// Numbers in the byte order of the file.
struct Numbers {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Numbers {
    fn u16(&mut self, value: u16) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.bytes.extend_from_slice(&bytes);
    }

    fn u32(&mut self, value: u32) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.bytes.extend_from_slice(&bytes);
    }

    fn u64(&mut self, value: u64) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.bytes.extend_from_slice(&bytes);
    }
}

impl Page<'_> {
    /// A header of a large TIFF file, and the directory that follows the bytes of the file after it.
    pub(super) fn directory(&self, places: &[(u64, u64)]) -> ([u8; HEAD], Vec<u8>) {
        let mut out = Numbers {
            bytes: Vec::new(),
            big_endian: self.big_endian,
        };
        let samples = if self.planar { 1 } else { self.samples };
        let offsets: Vec<u64> = places.iter().map(|place| place.0.saturating_add(HEAD as u64)).collect();
        let lengths: Vec<u64> = places.iter().map(|place| place.1).collect();
        let mut tags: Vec<(u16, Value<'_>)> = vec![
            (256, Value::Short(self.width)),
            (257, Value::Short(self.height)),
            (258, Value::Short(self.bits.into())),
            (259, Value::Short(self.compression.into())),
            (262, Value::Short(1)),
            (277, Value::Short(samples.into())),
            (284, Value::Short(1)),
            (317, Value::Short(self.predictor.into())),
            (339, Value::Short(if self.float { 3 } else { 1 })),
        ];
        match self.chunks {
            Chunks::Strips(rows) => tags.extend([
                (273, Value::Longs(&offsets)),
                (278, Value::Short(rows)),
                (279, Value::Longs(&lengths)),
            ]),
            Chunks::Tiles(width, height) => tags.extend([
                (322, Value::Short(width)),
                (323, Value::Short(height)),
                (324, Value::Longs(&offsets)),
                (325, Value::Longs(&lengths)),
            ]),
        }
        tags.extend(self.jpeg_tables.as_deref().map(|tables| (347, Value::Bytes(tables))));
        tags.sort_by_key(|tag| tag.0);

        let start = (HEAD + self.file.len()) as u64;
        let mut place = start + 8 + 20 * tags.len() as u64 + 8;
        let mut values = Numbers {
            bytes: Vec::new(),
            big_endian: self.big_endian,
        };
        out.u64(tags.len() as u64);
        for (tag, value) in &tags {
            let before = values.bytes.len() as u64;
            let (kind, count) = match value {
                Value::Short(_) => (4, 1),
                Value::Longs(list) => (16, list.len()),
                Value::Bytes(bytes) => (7, bytes.len()),
            };
            out.u16(*tag);
            out.u16(kind);
            out.u64(count as u64);
            match value {
                Value::Short(number) => {
                    out.u32(*number);
                    out.u32(0);
                }
                Value::Longs([one]) => out.u64(*one),
                Value::Longs(list) => list.iter().for_each(|&number| values.u64(number)),
                Value::Bytes(bytes) if bytes.len() <= 8 => {
                    out.bytes.extend_from_slice(bytes);
                    out.bytes.resize(out.bytes.len() + 8 - bytes.len(), 0);
                }
                Value::Bytes(bytes) => values.bytes.extend_from_slice(bytes),
            }
            let added = values.bytes.len() as u64 - before;
            if added > 0 {
                out.u64(place);
                place += added;
            }
        }
        out.u64(0);
        out.bytes.append(&mut values.bytes);

        let mut head = Numbers {
            bytes: Vec::new(),
            big_endian: self.big_endian,
        };
        head.bytes
            .extend_from_slice(if self.big_endian { b"MM" } else { b"II" });
        head.u16(43);
        head.u16(8);
        head.u16(0);
        head.u64(start);
        let mut first = [0; HEAD];
        first.iter_mut().zip(head.bytes).for_each(|(to, from)| *to = from);
        (first, out.bytes)
    }
}
