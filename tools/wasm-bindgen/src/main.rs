//! `gamma-wasm-bindgen INPUT.wasm OUT_DIR NAME`: writes `NAME.js`, `NAME.d.ts`, `NAME_bg.wasm` and `NAME_bg.wasm.d.ts` into `OUT_DIR`.
//!
//! It does what `wasm-bindgen --target web --out-dir OUT_DIR --out-name NAME INPUT.wasm` does. With `--keep-names` as a fourth
//! argument the function names stay in the module, so that a stack trace names them.

use std::error::Error;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (paths, keep_names) = match arguments.as_slice() {
        [input, directory, name] => ([input, directory, name], false),
        [input, directory, name, flag] if flag == "--keep-names" => ([input, directory, name], true),
        _ => {
            eprintln!("usage: gamma-wasm-bindgen INPUT.wasm OUT_DIR NAME [--keep-names]");
            return ExitCode::from(2);
        }
    };
    match generate(paths, keep_names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gamma-wasm-bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate([input, directory, name]: [&String; 3], keep_names: bool) -> Result<(), Box<dyn Error>> {
    Bindgen::new()
        .input_path(input)
        .out_name(name)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(!keep_names)
        .remove_producers_section(true)
        .generate(directory)?;
    Ok(())
}
