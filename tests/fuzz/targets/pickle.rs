//! PyTorch's `.pth`: the pickle inside an archive that is in order, archives that are not, and the format before version 1.6.
#![no_main]

use gamma_wasm::weights::convert::{Pth, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((mode, bytes)) = input.split_first() else {
        return;
    };
    let file = match mode & 3 {
        0 => archive(bytes),
        2 => [LEGACY, bytes].concat(),
        _ => bytes.to_vec(),
    };
    let Ok(mut pth) = Pth::open("fuzz.pth", file.as_slice(), file.len() as u64) else {
        return;
    };
    let tensors: Vec<(String, usize)> = pth
        .tensors()
        .iter()
        .map(|tensor| (tensor.name.clone(), tensor.shape.iter().product()))
        .collect();
    for (name, elements) in tensors {
        if let Ok(values) = pth.read(&name) {
            assert_eq!(values.len(), elements, "{name}");
        }
    }
});

/// How a file in the format before version 1.6 begins: magic number, version, and the dict that names the byte order.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\
    \x80\x02}X\x0d\0\0\0little_endian\x88s.";

/// A stored archive with `pickle` and four storages of 64 bytes.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let storage = [0u8; 64];
    let files: [(&str, &[u8]); 5] = [
        ("fuzz/data.pkl", pickle),
        ("fuzz/data/0", &storage),
        ("fuzz/data/1", &storage),
        ("fuzz/data/2", &storage),
        ("fuzz/data/3", &storage),
    ];
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let crc = crc32fast::hash(data);
        let (size, at) = (data.len() as u32, archive.len() as u32);
        // Version, flags, method, time, date, CRC, two sizes, lengths of the name and of the extra field.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, size) = (archive.len() as u32, directory.len() as u32);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([5, 0, 5, 0]);
    archive.extend(size.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}
