//! Writes PyTorch's format before version 1.6, in parts that a test can change.

pub const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
pub const FLOAT: &[u8] = b"ctorch\nFloatStorage\n";
/// The last element of a storage's persistent id.
pub const WHOLE: &[u8] = b"N";

pub fn text(text: &str) -> Vec<u8> {
    [b"X", (text.len() as u32).to_le_bytes().as_slice(), text.as_bytes()].concat()
}

pub fn whole(number: i64) -> Vec<u8> {
    [b"\x8a\x08", number.to_le_bytes().as_slice()].concat()
}

pub fn tuple(items: &[i64]) -> Vec<u8> {
    let items: Vec<u8> = items.iter().flat_map(|&item| whole(item)).collect();
    [b"(", items.as_slice(), b"t"].concat()
}

/// A storage as an object of a pickle.
pub fn storage(kind: &[u8], key: &str, length: i64, view: &[u8]) -> Vec<u8> {
    let parts = [&text("storage"), kind, &text(key), &text("cpu"), &whole(length), view];
    [b"(", parts.concat().as_slice(), b"tQ"].concat()
}

pub fn tensor(storage: &[u8], offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let view = [whole(offset), tuple(shape), tuple(strides)].concat();
    let call = b"ctorch._utils\n_rebuild_tensor_v2\n(".as_slice();
    [call, storage, &view, b"\x89ccollections\nOrderedDict\n)RtR"].concat()
}

pub fn pickle(value: &[u8]) -> Vec<u8> {
    [b"\x80\x02", value, b"."].concat()
}

/// The pickle of a dict.
pub fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items = items
        .iter()
        .flat_map(|(name, value)| [text(name), value.clone()].concat());
    pickle(&[b"}(", items.collect::<Vec<u8>>().as_slice(), b"u"].concat())
}

pub fn list(keys: &[&str]) -> Vec<u8> {
    pickle(
        &[
            b"](",
            keys.iter().flat_map(|key| text(key)).collect::<Vec<u8>>().as_slice(),
            b"e",
        ]
        .concat(),
    )
}

/// A storage as it lies behind the pickles.
pub fn floats(count: i64, values: &[f32]) -> Vec<u8> {
    let values = values.iter().flat_map(|value| value.to_le_bytes());
    count.to_le_bytes().into_iter().chain(values).collect()
}

/// The parts of a file, in order.
#[derive(Clone)]
pub struct Parts {
    pub magic: Vec<u8>,
    pub version: Vec<u8>,
    pub system: Vec<u8>,
    pub state: Vec<u8>,
    pub keys: Vec<u8>,
    pub storages: Vec<Vec<u8>>,
}

impl Parts {
    /// Two tensors in the storage `7`, listed first, and one in `12`.
    pub fn new() -> Self {
        let seven = storage(FLOAT, "7", 6, WHOLE);
        Self {
            magic: MAGIC.to_vec(),
            version: pickle(&whole(1001)),
            system: dict(&[("little_endian", vec![0x88]), ("type_sizes", b"}".to_vec())]),
            state: dict(&[
                ("scalar", tensor(&storage(FLOAT, "12", 1, WHOLE), 0, &[], &[])),
                ("row", tensor(&seven, 2, &[2], &[1])),
                ("columns", tensor(&seven, 0, &[2, 3], &[1, 2])),
            ]),
            keys: list(&["7", "12"]),
            storages: vec![floats(6, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), floats(1, &[9.0])],
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let pickles = [&self.magic, &self.version, &self.system, &self.state, &self.keys];
        pickles.into_iter().chain(&self.storages).flatten().copied().collect()
    }
}
