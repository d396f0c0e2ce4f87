//! `cargo run --example raw_files -- FOLDER BYTES`: writes a RAW file of each camera that the tests know into a
//! folder, with that many bytes of sensor data.

use std::path::Path;

#[path = "../tests/common/raw/mod.rs"]
mod raw;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "raw_files FOLDER BYTES";
    let folder = arguments.next().expect(usage);
    let bytes = arguments.next().expect(usage).parse().expect(usage);
    std::fs::create_dir_all(&folder)?;
    for (model, ending, build) in raw::MODELS {
        build(bytes, 6).write(&Path::new(&folder).join(format!("{model}.{ending}")))?;
    }
    Ok(())
}
