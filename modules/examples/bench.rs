//! `bench [--quick] [--b16] [--seconds N] WEIGHTS...`: what our shaders compute in a second on this machine's adapter, as one JSON object: the fields
//! of `gamma bench gpu --json`.

use gamma_wasm::{
    bench::{Adapter, Effort, Report, random},
    model::Config,
    ops,
};
use pollster::block_on;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut effort, mut models) = (Effort::default(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => effort = Effort::quick(),
            "--seconds" => effort.seconds = arguments.next().ok_or("how many seconds?")?.parse()?,
            "--b16" => models.push(random(&Config::b16(), "B/16, random weights")),
            file => models.push(std::fs::read(file)?),
        }
    }
    let gpu = block_on(gamma_webgpu::open())?;
    let adapter = Adapter::from(&gpu.adapter);
    let allocated = || Some(gpu.device.generate_allocator_report()?.total_allocated_bytes);
    let (device, models) = (ops::gpu_device(), models.into_iter().map(Ok));
    let report = Report::measure("our shaders", adapter, &device, allocated, models, &effort);
    println!("{}", serde_json::to_string(&block_on(report)?)?);
    Ok(())
}
