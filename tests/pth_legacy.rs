//! PyTorch's files before version 1.6: what PyTorch wrote, files written here byte by byte, and damaged ones.

#![cfg(feature = "cli")]

#[path = "common/legacy.rs"]
mod legacy;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gamma_wasm::Error;
use gamma_wasm::weights::convert::{Options, Pth, Scenes, Source, Target, convert, open};
use rawzip::ReaderAt;
use safetensors::SafeTensors;

use legacy::{FLOAT, MAGIC, Parts, WHOLE, dict, floats, list, pickle, storage, tensor, text, whole};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

type Values = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// All tensors of weights. Whole numbers are none.
fn read(bytes: &[u8]) -> Result<Values, Error> {
    let mut source = Pth::open("a.pth", bytes, bytes.len() as u64)?;
    let tensors = source.tensors().to_vec().into_iter();
    tensors
        .filter(|tensor| tensor.dtype != "I64")
        .map(|tensor| Ok((tensor.name.clone(), (tensor.shape, source.read(&tensor.name)?))))
        .collect()
}

/// The code of the error that a file ends in, with its message.
fn failure(bytes: &[u8]) -> (&'static str, String) {
    let error = read(bytes).expect_err("a damaged file");
    (error.code(), error.to_string())
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("legacy").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn random(seed: &mut u64) -> usize {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as usize
}

#[test]
fn what_pytorch_wrote_is_what_pytorch_reads() {
    let fixture = Path::new(ROOT).join("tests/fixtures/legacy");
    let mut source = open(&fixture.join("legacy.pth")).unwrap();
    let bytes = fs::read(fixture.join("values.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!((expected.len(), source.tensors().len()), (11, 13));
    assert_eq!(source.dropped(), ["epoch"]);
    for tensor in source.tensors().to_vec() {
        if tensor.dtype == "I64" {
            assert_eq!(source.read(&tensor.name).unwrap_err().code(), "tensor-dtype");
            continue;
        }
        let view = expected.tensor(&tensor.name).unwrap();
        let values = source.read(&tensor.name).unwrap();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(
            (tensor.shape.as_slice(), &*bytes),
            (view.shape(), view.data()),
            "{}",
            tensor.name
        );
    }
}

#[test]
fn tensors_lie_where_the_list_of_storages_puts_them() {
    let expected: Values = [
        ("scalar", vec![], vec![9.0]),
        ("row", vec![2], vec![2.0, 3.0]),
        ("columns", vec![2, 3], vec![0.0, 2.0, 4.0, 1.0, 3.0, 5.0]),
    ]
    .map(|(name, shape, values)| (name.to_owned(), (shape, values)))
    .into();
    let parts = Parts::new();
    assert_eq!(read(&parts.bytes()).unwrap(), expected);
    let mut turned = parts.clone();
    turned.keys = list(&["12", "7"]);
    turned.storages.reverse();
    assert_eq!(read(&turned.bytes()).unwrap(), expected);
    // Protocol 4 says how long a pickle is.
    let mut framed = parts.clone();
    framed.magic = [b"\x80\x04\x95\x0d\0\0\0\0\0\0\0", &MAGIC[2..]].concat();
    framed.version = b"\x80\x04\x95\x04\0\0\0\0\0\0\0M\xe9\x03.".to_vec();
    assert_eq!(read(&framed.bytes()).unwrap(), expected);
}

#[test]
fn strings_of_python_2_are_names() {
    let mut parts = Parts::new();
    parts.system = pickle(b"}U\x0dlittle_endian\x88s");
    let id = b"(U\x07storagectorch\nFloatStorage\nU\x017U\x03cpuK\x02NtQ".as_slice();
    let arguments = b"K\0K\x02\x85K\x01\x85tRs".as_slice();
    parts.state = pickle(&[b"}T\x01\0\0\0wctorch._utils\n_rebuild_tensor\n(", id, arguments].concat());
    parts.keys = pickle(b"]U\x017a");
    parts.storages = vec![floats(2, &[1.0, -1.0])];
    assert_eq!(read(&parts.bytes()).unwrap()["w"], (vec![2], vec![1.0, -1.0]));
}

#[test]
fn pickles_that_are_wrong_end_in_errors() {
    let stored = |key: &str, length: i64, view: &[u8]| {
        let tensor = tensor(&storage(FLOAT, key, length, view), 0, &[1], &[1]);
        dict(&[("w", tensor)])
    };
    let both = |kind: &[u8], length: i64| {
        let second = tensor(&storage(kind, "7", length, WHOLE), 0, &[1], &[1]);
        let state = [
            ("v", tensor(&storage(FLOAT, "7", 6, WHOLE), 0, &[1], &[1])),
            ("w", second),
        ];
        dict(&state)
    };
    let part = [b"(".as_slice(), &text("8"), &whole(0), &whole(6), b"t"].concat();
    type Change<'a> = &'a dyn Fn(&mut Parts);
    let cases: [(&str, &str, Change<'_>); 16] = [
        ("pickle-refused", "bare pickle", &|p| p.magic[4] ^= 1),
        ("pickle-refused", "bare pickle", &|p| p.magic = vec![]),
        ("pickle-refused", "version 1002", &|p| p.version = pickle(&whole(1002))),
        ("pickle-damaged", "what version", &|p| p.version = pickle(b"N")),
        ("pickle-refused", "big-endian", &|p| {
            p.system = dict(&[("little_endian", vec![0x89])])
        }),
        ("pickle-damaged", "byte order", &|p| {
            p.system = dict(&[("endian", vec![0x88])])
        }),
        ("pickle-refused", "os.system", &|p| {
            p.system = pickle(b"cos\nsystem\nX\x02\0\0\0id\x85R")
        }),
        ("pickle-refused", "os.system", &|p| {
            p.keys = pickle(b"cos\nsystem\nX\x02\0\0\0id\x85R")
        }),
        ("pickle-refused", "part of another", &|p| {
            p.state = stored("7", 6, &part)
        }),
        ("pickle-damaged", "that of a storage", &|p| {
            p.state = stored("7", 6, b"K\0")
        }),
        ("pickle-damaged", "that of a storage", &|p| {
            p.state = stored("7", 6, b"NN")
        }),
        ("pickle-damaged", "that of a storage", &|p| {
            p.state = stored("7", -1, WHOLE)
        }),
        ("pickle-damaged", "two ways", &|p| p.state = both(FLOAT, 5)),
        ("pickle-damaged", "two ways", &|p| {
            p.state = both(b"ctorch\nHalfStorage\n", 6)
        }),
        ("pickle-damaged", "no list", &|p| p.keys = pickle(b"K\x07")),
        ("pickle-damaged", "no text", &|p| p.keys = pickle(b"](K\x07K\x0ce")),
    ];
    for (code, reason, change) in cases {
        let mut parts = Parts::new();
        change(&mut parts);
        let (found, message) = failure(&parts.bytes());
        assert!(
            found == code && message.contains(reason),
            "{found}, not {code}: {message}"
        );
    }
}

#[test]
fn storages_that_are_wrong_end_in_errors() {
    // The state asks for so many floats, and the file says the same.
    let claimed = |parts: &mut Parts, count: i64| {
        parts.state = dict(&[("w", tensor(&storage(FLOAT, "7", count, WHOLE), 0, &[1], &[1]))]);
        parts.keys = list(&["7"]);
        parts.storages = vec![floats(count, &[0.0; 6])];
    };
    type Change<'a> = &'a dyn Fn(&mut Parts);
    let cases: [(&str, &str, Change<'_>); 12] = [
        ("pth-damaged", "has -6 elements", &|p| {
            p.storages[0] = floats(-6, &[0.0; 6])
        }),
        ("pth-damaged", "has 5 elements", &|p| {
            p.storages[0] = floats(5, &[0.0; 6])
        }),
        ("pth-damaged", "elements", &|p| {
            p.storages[0] = floats(i64::MAX, &[0.0; 6])
        }),
        ("pth-damaged", "in the middle", &|p| claimed(p, 7)),
        ("pth-damaged", "in the middle", &|p| claimed(p, i64::MAX)),
        ("pth-damaged", "in the middle", &|p| claimed(p, i64::MAX / 4)),
        ("pth-damaged", "4 bytes follow", &|p| claimed(p, 5)),
        ("pth-damaged", "`12` is missing", &|p| p.keys = list(&["7"])),
        ("pth-damaged", "`7` twice", &|p| {
            p.keys = list(&["7", "7"]);
            p.storages[1] = p.storages[0].clone();
        }),
        ("pickle-damaged", "no tensor lies", &|p| {
            p.keys = list(&["7", "12", "13"])
        }),
        ("pickle-damaged", "outside its storage", &|p| {
            p.state = dict(&[("w", tensor(&storage(FLOAT, "7", 6, WHOLE), 6, &[1], &[1]))]);
            p.keys = list(&["7"]);
            p.storages.truncate(1);
        }),
        ("tensor-value", "scalar", &|p| p.storages[1] = floats(1, &[f32::NAN])),
    ];
    for (code, reason, change) in cases {
        let mut parts = Parts::new();
        change(&mut parts);
        let bytes = parts.bytes();
        let (found, message) = failure(&bytes);
        // Before any tensor is read.
        let opened = Pth::open("a.pth", bytes.as_slice(), bytes.len() as u64).is_ok();
        assert!(code != "pth-damaged" || !opened, "{reason}");
        assert!(
            found == code && message.contains(reason),
            "{found}, not {code}: {message}"
        );
    }
}

#[test]
fn damaged_files_end_in_errors() {
    let fixture = fs::read(Path::new(ROOT).join("tests/fixtures/legacy/legacy.pth")).unwrap();
    let mut seed = 5;
    for whole in [Parts::new().bytes(), fixture] {
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
        assert_eq!(failure(&[whole.as_slice(), b"\0"].concat()).0, "pth-damaged");
        for _ in 0..10_000 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random(&mut seed) % 4 {
                let at = random(&mut seed) % bytes.len();
                bytes[at] = random(&mut seed) as u8;
            }
            for (name, (shape, values)) in read(&bytes).unwrap_or_default() {
                assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}");
                assert!(values.iter().all(|value| value.is_finite()), "{name}");
            }
        }
    }
}

/// A file that begins with `start`, is zero up to `length`, and counts what is read of it.
struct Zeros<'a> {
    start: &'a [u8],
    length: u64,
    read: &'a Cell<u64>,
}

impl ReaderAt for Zeros<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let count = buffer.len().min(self.length.saturating_sub(offset) as usize);
        for (at, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = self.start.get(offset as usize + at).copied().unwrap_or(0);
        }
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

#[test]
fn a_tensor_is_read_where_it_lies_and_nothing_else() {
    let count = 1 << 38;
    let mut parts = Parts::new();
    let last = tensor(&storage(FLOAT, "7", count, WHOLE), count - 10, &[5], &[2]);
    parts.state = dict(&[("last", last)]);
    parts.keys = list(&["7"]);
    parts.storages = vec![floats(count, &[])];
    let start = parts.bytes();
    let (length, read) = (start.len() as u64 + 4 * count as u64, Cell::new(0));
    let file = |length| Zeros {
        start: &start,
        length,
        read: &read,
    };
    let mut source = Pth::open("a.pth", file(length), length).unwrap();
    // What pickles may have, and the number of elements.
    assert_eq!(read.replace(0), (16 << 20) + 2 + 8);
    assert_eq!(source.read("last").unwrap(), [0.0; 5]);
    assert_eq!(read.get(), 9 * 4);
    assert_eq!(
        Pth::open("a.pth", file(length - 1), length - 1).err().unwrap().code(),
        "pth-damaged"
    );
    // A file that lost its end after it was opened.
    let mut source = Pth::open("a.pth", file(length - 1), length).unwrap();
    assert_eq!(source.read("last").unwrap(), [0.0; 5]);
    let mut source = Pth::open("a.pth", file(length - 5), length).unwrap();
    assert_eq!(source.read("last").unwrap_err().code(), "pth-damaged");
}

#[test]
fn pickles_have_16_megabytes_at_most() {
    let mut parts = Parts::new();
    parts.system = dict(&[("little_endian", vec![0x88]), ("more", text(&"x".repeat(16 << 20)))]);
    let (code, message) = failure(&parts.bytes());
    assert!(
        code == "pickle-refused" && message.contains("16777216 bytes"),
        "{message}"
    );
}

#[test]
fn a_checkpoint_is_converted_as_from_a_newer_file() {
    let out = folder("micro");
    let newer = Path::new(ROOT).join("tests/golden/micro/gamma_micro.pth");
    let mut source = open(&newer).unwrap();
    let mut parts = Parts::new();
    let (mut state, mut keys) = (Vec::new(), Vec::new());
    parts.storages.clear();
    for (index, info) in source.tensors().to_vec().iter().enumerate() {
        let (values, key) = (source.read(&info.name).unwrap(), index.to_string());
        let shape: Vec<i64> = info.shape.iter().map(|&size| size as i64).collect();
        let strides: Vec<i64> = (1..=shape.len()).map(|at| shape[at..].iter().product()).collect();
        let count = values.len() as i64;
        let tensor = tensor(&storage(FLOAT, &key, count, WHOLE), 0, &shape, &strides);
        state.push((info.name.clone(), tensor));
        parts.storages.push(floats(count, &values));
        keys.push(key);
    }
    let named: Vec<(&str, Vec<u8>)> = state.iter().map(|(name, tensor)| (&**name, tensor.clone())).collect();
    parts.state = dict(&named);
    parts.keys = list(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let older = out.join("older.pth");
    fs::write(&older, parts.bytes()).unwrap();
    let written = [("newer", &newer), ("older", &older)].map(|(name, checkpoint)| {
        let options = Options {
            target: Target::F16,
            shard_bytes: None,
            scenes: Scenes::None,
            text: true,
            force: false,
            device: gamma_wasm::ops::DeviceChoice::Cpu,
            extends: None,
            metadata: BTreeMap::new(),
        };
        let mut source = open(checkpoint).unwrap();
        convert(source.as_mut(), &out.join(name), &options, &mut |_| {}).unwrap();
        fs::read(out.join(name).join("model.safetensors")).unwrap()
    });
    assert!(written[0] == written[1] && written[0].len() > 2_000_000);
}

#[test]
fn a_safetensors_file_may_begin_as_a_pickle_does() {
    // A header of 0x0280 bytes.
    let header = format!("{:<640}", r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#);
    let bytes = [&640u64.to_le_bytes(), header.as_bytes(), &2.5f32.to_le_bytes()].concat();
    let path = folder("640").join("model.safetensors");
    fs::write(&path, bytes).unwrap();
    assert_eq!(open(&path).unwrap().read("w").unwrap(), [2.5]);
}
