//! Launches of shaders, recorded until there are many or somebody reads.

use std::{
    any::{Any, TypeId, type_name},
    borrow::Cow,
    collections::HashMap,
    hash::Hash,
};

use wgpu::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType,
    BufferBindingType, CommandEncoder, ComputePass, ComputePipeline, ComputePipelineDescriptor,
    PipelineLayoutDescriptor, ShaderModuleDescriptor, ShaderSource, ShaderStages,
};

use crate::{
    Buffer,
    device::{Gpu, gpu},
};

/// A shader and what its text depends on. Its entry point is `main`; its bindings, all storage in group 0, are the inputs of a launch in
/// their order, the output, and the numbers of the launch, each a `u32`.
pub trait Shader: Copy + Eq + Hash + Send + 'static {
    /// WGSL.
    fn source(&self) -> String;
}

/// As many launches are handed to the GPU at a time: it starts on them while more are recorded.
const BATCH: usize = 32;

/// As many different numbers of launches are kept on the device.
const KEPT_NUMBERS: usize = 4096;

/// What was recorded, and what is kept for launches to come.
#[derive(Default)]
pub(crate) struct Launches {
    recording: Option<Recording>,
    /// Given back, but recorded commands may read it.
    retired: Vec<wgpu::Buffer>,
    /// A map from `S` to its pipeline for each type `S` of shaders.
    pipelines: HashMap<TypeId, Box<dyn Any + Send>>,
    /// By how many inputs there are.
    layouts: HashMap<usize, BindGroupLayout>,
    /// The numbers of launches: the same come again for each photo.
    numbers: HashMap<Vec<u32>, wgpu::Buffer>,
}

struct Recording {
    // Dropped in this order: a pass ends before its encoder is finished.
    pass: ComputePass<'static>,
    encoder: CommandEncoder,
    launches: usize,
}

impl Launches {
    /// Frees `buffer` once no recorded command reads it.
    pub fn retire(&mut self, buffer: wgpu::Buffer) {
        match self.recording {
            Some(_) => self.retired.push(buffer),
            None => buffer.destroy(),
        }
    }

    /// Hands what was recorded to the GPU, and `last` after it.
    pub fn submit(&mut self, gpu: &Gpu, last: Option<CommandEncoder>) {
        let recorded = self.recording.take().map(|Recording { pass, encoder, .. }| {
            drop(pass);
            encoder
        });
        let commands = recorded.into_iter().chain(last).map(CommandEncoder::finish);
        gpu.queue.submit(commands);
        for buffer in self.retired.drain(..) {
            buffer.destroy();
        }
    }

    fn pipeline<S: Shader>(&mut self, gpu: &Gpu, shader: S, inputs: usize) -> (ComputePipeline, BindGroupLayout) {
        let layout = self.layouts.entry(inputs).or_insert_with(|| bindings(gpu, inputs));
        let kept = self
            .pipelines
            .entry(TypeId::of::<S>())
            .or_insert_with(|| Box::new(HashMap::<S, ComputePipeline>::new()));
        let Some(kept) = kept.downcast_mut::<HashMap<S, ComputePipeline>>() else {
            unreachable!("kept by its own type");
        };
        let pipeline = kept
            .entry(shader)
            .or_insert_with(|| compiled(gpu, type_name::<S>(), shader.source(), layout));
        (pipeline.clone(), layout.clone())
    }

    fn numbers(&mut self, gpu: &Gpu, numbers: &[usize]) -> wgpu::Buffer {
        let numbers: Vec<u32> = numbers.iter().map(|&number| number as u32).collect();
        if self.numbers.len() >= KEPT_NUMBERS {
            // Those that are bound live on until their commands have run.
            self.numbers.clear();
        }
        let made = |numbers: &Vec<u32>| {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: bytes.len().max(4) as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            gpu.queue.write_buffer(&buffer, 0, &bytes);
            buffer
        };
        self.numbers.entry(numbers).or_insert_with_key(made).clone()
    }
}

/// `inputs` buffers that are read, one that is written, the numbers.
fn bindings(gpu: &Gpu, inputs: usize) -> BindGroupLayout {
    let entry = |binding| BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer {
            ty: BufferBindingType::Storage {
                read_only: binding != inputs,
            },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<BindGroupLayoutEntry> = (0..inputs + 2).map(entry).collect();
    gpu.device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: None,
        entries: &entries,
    })
}

fn compiled(gpu: &Gpu, name: &str, source: String, bindings: &BindGroupLayout) -> ComputePipeline {
    let module = gpu.device.create_shader_module(ShaderModuleDescriptor {
        label: Some(name),
        source: ShaderSource::Wgsl(Cow::Owned(source)),
    });
    let layout = gpu.device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(bindings)],
        immediate_size: 0,
    });
    gpu.device.create_compute_pipeline(&ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: Default::default(),
        cache: None,
    })
}

/// So many workgroups in two axes: along one a device may have no more than 65535.
pub fn in_two_axes(workgroups: usize) -> [usize; 3] {
    const AXIS: usize = 65535;
    [workgroups.min(AXIS), workgroups.div_ceil(AXIS), 1]
}

/// Runs `shader` in `workgroups` (x, y, z) over `inputs`. It writes all of the `length` bytes that are returned.
pub fn launch(
    shader: impl Shader,
    workgroups: [usize; 3],
    inputs: &[&Buffer],
    numbers: &[usize],
    length: usize,
) -> Buffer {
    let output = Buffer::new(length);
    launch_onto(shader, workgroups, inputs, numbers, &output);
    output
}

/// Runs `shader` in `workgroups` (x, y, z) over `inputs`, writing to `output`, which is none of them.
pub fn launch_onto(
    shader: impl Shader,
    workgroups: [usize; 3],
    inputs: &[&Buffer],
    numbers: &[usize],
    output: &Buffer,
) {
    if workgroups.contains(&0) {
        return;
    }
    #[cfg(feature = "faults")]
    if crate::faults::next_is_wrong() {
        return;
    }
    let gpu = gpu();
    let mut launches = gpu.launches();
    let (pipeline, layout) = launches.pipeline(gpu, shader, inputs.len());
    let numbers = launches.numbers(gpu, numbers);
    let bound = inputs.iter().map(|input| input.raw()).chain([output.raw(), &numbers]);
    let entries: Vec<BindGroupEntry<'_>> = bound
        .enumerate()
        .map(|(binding, buffer)| BindGroupEntry {
            binding: binding as u32,
            resource: buffer.as_entire_binding(),
        })
        .collect();
    let group = gpu.device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout: &layout,
        entries: &entries,
    });
    let recording = launches.recording.get_or_insert_with(|| {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        Recording {
            pass: encoder.begin_compute_pass(&Default::default()).forget_lifetime(),
            encoder,
            launches: 0,
        }
    });
    recording.pass.set_pipeline(&pipeline);
    recording.pass.set_bind_group(0, &group, &[]);
    let [x, y, z] = workgroups.map(|count| count as u32);
    recording.pass.dispatch_workgroups(x, y, z);
    recording.launches += 1;
    if recording.launches == BATCH {
        launches.submit(gpu, None);
    }
}
