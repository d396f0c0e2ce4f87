//! The benchmark of a GPU in a browser, step by step, so that a page can show how far it is.

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::{
    device::{check, opened},
    error::Failure,
    object, options,
};
use crate::{
    Error,
    bench::{Adapter, Effort, halves, kernels, model, random},
    model::Config,
};

/// A GPU that can bind as many bytes takes 32 crops at a time.
const ROOM_FOR_MANY: u64 = 512 << 20;

/// What a page chooses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    quick: bool,
    seconds: Option<f64>,
}

async fn adapter() -> Result<Adapter, Error> {
    let gpu = gamma_webgpu::open().await.map_err(Error::Device)?;
    Ok(Adapter::from(&gpu.adapter))
}

async fn effort(choice: &JsValue) -> Result<Effort, Failure> {
    let Choice { quick, seconds } = options(choice)?;
    let mut effort = if quick { Effort::quick() } else { Effort::default() };
    effort.seconds = seconds.unwrap_or(effort.seconds);
    if adapter().await?.limits["binding_bytes"] < ROOM_FOR_MANY {
        effort.batches.retain(|&crops| crops <= 8);
    }
    Ok(effort)
}

/// What the browser states of the open GPU.
#[wasm_bindgen]
pub async fn bench_adapter() -> Result<JsValue, Failure> {
    object(&adapter().await?)
}

/// Times every kernel.
#[wasm_bindgen]
pub async fn bench_kernels(choice: JsValue) -> Result<JsValue, Failure> {
    let found = kernels(&opened()?, &effort(&choice).await?).await?;
    check()?;
    object(&found)
}

/// Times a model, given as the bytes of its file: once for each precision that the GPU has.
#[wasm_bindgen]
pub async fn bench_model(weights: Vec<u8>, choice: JsValue) -> Result<JsValue, Failure> {
    let (device, effort) = (opened()?, effort(&choice).await?);
    let mut measured = Vec::new();
    for half in halves().await {
        measured.push(model(&weights, &device, &effort, half, || None).await?);
        check()?;
    }
    object(&measured)
}

/// A model of the published size with random weights, as the bytes of its file.
#[wasm_bindgen]
pub fn bench_b16() -> Vec<u8> {
    random(&Config::b16(), "B/16, random weights")
}
