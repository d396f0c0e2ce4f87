//! The command on a GPU.

use std::process::{Command, Output};

use serde_json::Value;

use super::gpu;

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

fn gamma(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the command runs")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamma"));
    command.args(arguments).current_dir(REPOSITORY);
    command
}

/// What it prints when all goes well.
pub fn printed(arguments: &[&str]) -> String {
    let output = gamma(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn without_an_adapter_it_says_what_to_install() {
    let mut command = command(&["score", "--device", "gpu", "www/samples/dog.jpg"]);
    // Mesa's OpenGL would do, too.
    for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "__EGL_VENDOR_LIBRARY_FILENAMES"] {
        command.env(variable, "/no/driver.json");
    }
    let output = command.output().expect("the command runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for part in [
        "no GPU was found",
        "apt-get install libvulkan1 mesa-vulkan-drivers",
        "(device)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for part in ["panicked", "model"] {
        assert!(!said.contains(part), "{part}: {said}");
    }
}

#[test]
fn photos_come_in_their_order_and_are_scored_as_on_the_processor() {
    if gpu().is_none() {
        return;
    }
    let photos = ["dog.jpg", "README.md", "lighthouse.webp"].map(|name| format!("www/samples/{name}"));
    let rows = |device: &str| {
        let mut arguments = vec!["score", "--json", "--policy", "center", "--device", device];
        arguments.extend(photos.iter().map(String::as_str));
        let output = gamma(&arguments);
        // One of them is no photo.
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(json).collect::<Vec<_>>()
    };
    let (here, there) = (rows("cpu"), rows("gpu"));
    assert_eq!([here.len(), there.len()], [3, 3]);
    for (expected, found) in here.iter().zip(&there) {
        assert!(expected["image"].is_string());
        assert_eq!(expected["image"], found["image"]);
        let score = |row: &Value| row["score"].as_f64();
        match (score(expected), score(found)) {
            (Some(expected), Some(found)) => assert!((found - expected).abs() <= 1e-4, "{found} {expected}"),
            (expected, found) => assert_eq!(expected, found),
        }
    }
}

#[test]
fn a_benchmark_has_a_figure_of_each_kernel_and_batch() {
    if gpu().is_none() {
        return;
    }
    let report = json(&printed(&["bench", "gpu", "--quick", "--json"]));
    assert_eq!(report["implementation"], "burn-wgpu");
    for field in ["name", "kind", "interface", "driver"] {
        assert!(report["adapter"][field].is_string(), "{field}: {report}");
    }
    for limit in [
        "buffer_bytes",
        "binding_bytes",
        "workgroup_bytes",
        "workgroup_invocations",
    ] {
        assert!(
            report["adapter"]["limits"][limit].as_u64() > Some(0),
            "{limit}: {report}"
        );
    }
    let kernels = report["kernels"].as_array().expect("kernels");
    assert_eq!(kernels.len(), 7);
    for kernel in kernels {
        for field in ["ms", "tflops", "gbytes"] {
            assert!(kernel[field].as_f64() > Some(0.0), "{field}: {kernel}");
        }
    }
    let [model] = report["models"].as_array().expect("models").as_slice() else {
        panic!("one model: {report}")
    };
    assert!(
        model["load_ms"].as_f64() > Some(0.0) && model["device_bytes"].as_u64() > Some(0),
        "{model}"
    );
    let batches = model["batches"].as_array().expect("batches");
    let sizes: Vec<u64> = batches.iter().filter_map(|batch| batch["crops"].as_u64()).collect();
    assert_eq!(sizes.first(), Some(&1), "{model}");
    assert!(
        batches.iter().all(|batch| batch["ms_a_crop"].as_f64() > Some(0.0)),
        "{model}"
    );
}
