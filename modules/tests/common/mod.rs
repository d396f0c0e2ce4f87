//! What the tests on a GPU share.

use pollster::block_on;

/// Whether there is an adapter. Says why a test is skipped without one; `GAMMA_GPU=required` makes that a failure.
pub fn gpu() -> bool {
    match block_on(gamma_webgpu::open()) {
        Ok(gpu) => {
            println!("adapter: {}", gpu.adapter.get_info().name);
            true
        }
        Err(error) => {
            let required = std::env::var("GAMMA_GPU").is_ok_and(|value| value == "required");
            assert!(!required, "no GPU adapter: {error}");
            println!("skipped: no GPU adapter ({error}); on Debian: apt-get install mesa-vulkan-drivers");
            false
        }
    }
}
