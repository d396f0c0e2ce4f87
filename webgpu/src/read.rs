//! Numbers back from the device.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
};

use wgpu::{BufferAsyncError, BufferUsages, MapMode};

use crate::{Buffer, device::gpu};

/// The bytes of `buffer`, when all that was launched before has run.
///
/// # Errors
/// What the device said: most likely that it is lost.
pub async fn read(buffer: &Buffer) -> Result<Vec<u8>, String> {
    let length = buffer.length() as usize;
    if length == 0 {
        return Ok(Vec::new());
    }
    let copied = buffer.length().next_multiple_of(4);
    let copy = gpu().device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: copied,
        usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = gpu().device.create_command_encoder(&Default::default());
    encoder.copy_buffer_to_buffer(buffer.raw(), 0, &copy, 0, copied);
    gpu().launches().submit(gpu(), Some(encoder));
    mapped(&copy).await.map_err(|error| error.to_string())?;
    let bytes = copy.get_mapped_range(..).map_err(|error| error.to_string())?[..length].to_vec();
    copy.destroy();
    Ok(bytes)
}

/// What came of mapping a buffer, and who waits for it.
#[derive(Default)]
struct Answer {
    result: Option<Result<(), BufferAsyncError>>,
    waiting: Option<Waker>,
}

async fn mapped(buffer: &wgpu::Buffer) -> Result<(), BufferAsyncError> {
    let answer = Arc::new(Mutex::new(Answer::default()));
    let answered = Arc::clone(&answer);
    buffer.map_async(MapMode::Read, .., move |result| {
        let mut answer = answered.lock().unwrap_or_else(PoisonError::into_inner);
        answer.result = Some(result);
        if let Some(waiting) = answer.waiting.take() {
            waiting.wake();
        }
    });
    // A browser calls back by itself.
    #[cfg(not(target_arch = "wasm32"))]
    let _ = gpu().device.poll(wgpu::PollType::wait_indefinitely());
    poll_fn(|context| {
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        match answer.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                answer.waiting = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}
