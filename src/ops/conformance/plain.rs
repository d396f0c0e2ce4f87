//! The operations that are burn's own everywhere but in a browser: views, functions of numbers, sums, rows of a table.

use burn::tensor::{Device, Tensor, activation::relu, module::embedding};

use super::{check, draw::Draw, tensor};
use crate::{Result, ops::upload_whole};

/// Each of them once, on tensors of such sides.
pub async fn operations(sides: [usize; 4], device: &Device, draw: &mut Draw) -> Result<()> {
    views(sides, device, draw).await?;
    numbers(sides, device, draw).await?;
    sums(sides, device, draw).await?;
    rows([sides[0] * sides[1], sides[2]], device, draw).await
}

/// `f` of each place of a tensor of such sides, row by row.
fn each<T>([a, b, c, d]: [usize; 4], mut f: impl FnMut([usize; 4]) -> T) -> Vec<T> {
    let mut values = Vec::with_capacity(a * b * c * d);
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                for l in 0..d {
                    values.push(f([i, j, k, l]));
                }
            }
        }
    }
    values
}

/// Where a place of a tensor of such sides lies.
fn at([_, b, c, d]: [usize; 4], [i, j, k, l]: [usize; 4]) -> usize {
    ((i * b + j) * c + k) * d + l
}

async fn views(sides: [usize; 4], device: &Device, draw: &mut Draw) -> Result<()> {
    let [a, b, c, d] = sides;
    let values = draw.numbers(sides.iter().product());
    let x: Tensor<4> = tensor(values.clone(), sides, device);

    let expected = each([c, a, d, b], |[k, i, l, j]| values[at(sides, [i, j, k, l])]);
    check(("permute", sides), x.clone().permute([2, 0, 3, 1]), &expected).await?;
    let expected = each([a, c, b, d], |[i, k, j, l]| values[at(sides, [i, j, k, l])]);
    check(("swap_dims", sides), x.clone().swap_dims(1, 2), &expected).await?;

    let (from, to) = (draw.size(0, b - 1), draw.size(0, d - 1));
    let part = x.clone().slice([0..a, from..b, 0..c, to..d]);
    let cut = [a, b - from, c, d - to];
    let expected = each(cut, |[i, j, k, l]| values[at(sides, [i, from + j, k, to + l])]);
    check(("slice", sides, from, to), part.clone(), &expected).await?;
    let joined = Tensor::cat(vec![part, x.clone().slice([0..a, 0..b, 0..c, to..d])], 1);
    let expected = each([a, 2 * b - from, c, d - to], |[i, j, k, l]| {
        let j = if j < b - from { from + j } else { j + from - b };
        values[at(sides, [i, j, k, to + l])]
    });
    check(("cat", sides, from, to), joined, &expected).await?;

    let one = x.slice([0..a, 0..1, 0..c, 0..1]).expand(sides);
    let expected = each(sides, |[i, _, k, _]| values[at(sides, [i, 0, k, 0])]);
    check(("expand", sides), one, &expected).await
}

async fn numbers(sides: [usize; 4], device: &Device, draw: &mut Draw) -> Result<()> {
    let [a, b, c, d] = sides;
    // Stretched against each other, and away from zero where it is divided by.
    let left = draw.numbers(a * c);
    let right: Vec<f32> = draw.numbers(b * d).iter().map(|value| value + 2.0).collect();
    let pairs = each(sides, |[i, j, k, l]| (left[i * c + k], right[j * d + l]));
    let x: Tensor<4> = tensor(left.clone(), [a, 1, c, 1], device);
    let y: Tensor<4> = tensor(right.clone(), [1, b, 1, d], device);
    let expected = |f: fn(f32, f32) -> f32| pairs.iter().map(|&(x, y)| f(x, y)).collect::<Vec<f32>>();
    check(("add", sides), x.clone() + y.clone(), &expected(|x, y| x + y)).await?;
    check(("sub", sides), x.clone() - y.clone(), &expected(|x, y| x - y)).await?;
    check(("mul", sides), x.clone() * y.clone(), &expected(|x, y| x * y)).await?;
    check(("div", sides), x.clone() / y, &expected(|x, y| x / y)).await?;

    let expected = |f: fn(f32) -> f32| left.iter().map(|&x| f(x)).collect::<Vec<f32>>();
    check("add_scalar", x.clone() + 0.5, &expected(|x| x + 0.5)).await?;
    check("sub_scalar", x.clone() - 0.5, &expected(|x| x - 0.5)).await?;
    check("mul_scalar", x.clone() * 3.0, &expected(|x| x * 3.0)).await?;
    check("div_scalar", x.clone() / 3.0, &expected(|x| x / 3.0)).await?;
    check("clamp_min", x.clone().clamp_min(0.25), &expected(|x| x.max(0.25))).await?;
    check("relu", relu(x.clone()), &expected(|x| x.max(0.0))).await?;
    check("exp", x.clone().exp(), &expected(f32::exp)).await?;
    check("sqrt", (x + 1.0).sqrt(), &expected(|x| (x + 1.0).sqrt())).await
}

async fn sums(sides: [usize; 4], device: &Device, draw: &mut Draw) -> Result<()> {
    let values = draw.numbers(sides.iter().product());
    let x: Tensor<4> = tensor(values.clone(), sides, device);
    for axis in 0..4 {
        let mut reduced = sides;
        reduced[axis] = 1;
        let expected = each(reduced, |mut place| {
            let along = (0..sides[axis]).map(|i| {
                place[axis] = i;
                values[at(sides, place)]
            });
            along.sum::<f32>()
        });
        check(("sum_dim", sides, axis), x.clone().sum_dim(axis), &expected).await?;
        let expected: Vec<f32> = expected.iter().map(|sum| sum / sides[axis] as f32).collect();
        check(("mean_dim", sides, axis), x.clone().mean_dim(axis), &expected).await?;
    }
    Ok(())
}

async fn rows([rows, width]: [usize; 2], device: &Device, draw: &mut Draw) -> Result<()> {
    let table = draw.numbers(rows * width);
    let chosen: Vec<i32> = (0..7).map(|_| draw.size(0, rows - 1) as i32).collect();
    let expected: Vec<f32> = chosen
        .iter()
        .flat_map(|&row| &table[row as usize * width..][..width])
        .copied()
        .collect();
    let found = embedding(
        tensor(table.clone(), [rows, width], device),
        upload_whole(chosen, [1, 7], device),
    );
    check(("embedding", rows, width), found, &expected).await
}
