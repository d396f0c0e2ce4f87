"""Gamma-Lite as an ONNX graph, for engines that run those: python3 bench/export_lite.py weights/gamma-lite.safetensors OUT.onnx

Input `pixels` f32 [N, 3, 224, 224], normalised; outputs `features` [N, embed_dim] of length 1 and `score` [N] (`natural-quality`).
Weights are those of the file, widened to f32. Written as an exporter would: pixels' maps are 1x1 convolutions, other linear layers
Gemm over rows.
The last block is computed for the class token only, as gamma-wasm computes it. Needs numpy and onnx.
"""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {"F32": "<f4", "F16": "<f2", "I8": "i1", "U8": "u1"}
# Repeats, kernel, stride, expansion, channels of EfficientNet-Lite0's stages.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]


def read(path):
    """Metadata and every tensor as f32."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    meta = header.pop("__metadata__")
    layouts = json.loads(meta["quantization"])["tensors"]

    def raw(name):
        entry = header[name]
        begin, end = (8 + length + at for at in entry["data_offsets"])
        return np.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])

    tensors = {}
    # A base comes before the differences to it.
    for name in sorted(header, key=lambda key: header[key]["data_offsets"]):
        if name.endswith("_scale") and name.removesuffix("_scale") in layouts:
            continue
        if name not in layouts:
            tensors[name] = raw(name).astype(np.float32)
            continue
        bits, group = layouts[name]["bits"], layouts[name]["group"]
        codes = raw(name).astype(np.int32)
        if bits < 8:
            stream = np.unpackbits(codes.astype(np.uint8), axis=1, bitorder="little")
            codes = stream.reshape(len(codes), -1, bits) @ (1 << np.arange(bits)) - (1 << (bits - 1))
        weight = codes.astype(np.float32) * np.repeat(raw(name + "_scale").astype(np.float32), group, axis=1)
        base = layouts[name].get("base")
        tensors[name] = weight + tensors[base] if base else weight
    return meta, tensors


class Graph:
    """Nodes and constants in the making."""

    def __init__(self, tensors):
        self.tensors, self.nodes, self.constants = tensors, [], {}

    def constant(self, value):
        value = np.asarray(value)
        name = f"c{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def op(self, kind, *inputs, **attributes):
        inputs = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def conv(self, x, weight, bias, side, stride=1, groups=1):
        """SAME padding as TensorFlow has it; the side of the output comes along."""
        kernel = weight.shape[-1]
        out = -(-side // stride)
        total = max((out - 1) * stride + kernel - side, 0)
        pads = [total // 2, total // 2, total - total // 2, total - total // 2]
        y = self.op("Conv", x, weight, bias, strides=[stride] * 2, pads=pads, group=groups)
        return y, out

    def relu6(self, x):
        return self.op("Clip", x, np.float32(0), np.float32(6))

    def linear(self, rows, name, bias=True):
        weight = self.tensors[f"{name}weight"]
        inputs = [rows, weight] + ([self.tensors[f"{name}bias"]] if bias else [])
        return self.op("Gemm", *inputs, transB=1)

    def norm(self, x, name):
        return self.op("LayerNormalization", x, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"], axis=-1, epsilon=1e-5)

    def mlp(self, rows, name):
        hidden = self.linear(rows, f"{name}.c_fc.")
        gate = self.op("Sigmoid", self.op("Mul", hidden, np.float32(1.702)))
        return self.linear(self.op("Mul", hidden, gate), f"{name}.c_proj.")


def stem(g, levels, grid, width):
    """Tokens of each level, [N, levels * grid * grid, width], and what the class token gains, [N, 1, width] or None."""
    prefix, t = "clip_model.visual.stem.", g.tensors
    x, side = g.conv("pixels", t[prefix + "first.weight"], t[prefix + "first.bias"], 224, 2)
    x = g.relu6(x)
    block, tokens, statistics = 0, [], []
    pooled, channels = prefix + "pooled.linear.weight" in t, 32
    for stage, (repeats, _, first_stride, expansion, output) in enumerate(STAGES):
        for repeat in range(repeats):
            name, stride = f"{prefix}blocks.{block}.", first_stride if repeat == 0 else 1
            y = x
            if expansion > 1:
                y, _ = g.conv(y, t[name + "expand.weight"][:, :, None, None], t[name + "expand.bias"], side)
                y = g.relu6(y)
            y, after = g.conv(y, t[name + "depthwise.weight"], t[name + "depthwise.bias"], side, stride, channels * expansion)
            y, _ = g.conv(g.relu6(y), t[name + "project.weight"][:, :, None, None], t[name + "project.bias"], after)
            x = g.op("Add", x, y) if stride == 1 and channels == output else y
            side, channels, block = after, output, block + 1
        if pooled:
            statistics += whole(g, x)
        if stage in levels:
            tokens.append(level(g, x, side, channels, grid, width, f"{prefix}levels.{levels.index(stage)}."))
        if stage == max(levels):
            break
    tokens = g.op("Concat", *tokens, axis=1)
    if not pooled:
        return tokens, None
    rows = g.op("Flatten", g.op("Concat", *statistics, axis=1))
    rows = g.op("Div", g.op("Sub", rows, t[prefix + "pooled.mean"]), t[prefix + "pooled.deviation"])
    return tokens, g.op("Reshape", g.linear(rows, prefix + "pooled.linear."), g.ints(-1, 1, width))


def whole(g, x):
    """Mean and deviation of each channel."""
    mean = g.op("GlobalAveragePool", x)
    distance = g.op("Sub", x, mean)
    variance = g.op("GlobalAveragePool", g.op("Mul", distance, distance))
    return [mean, g.op("Sqrt", g.op("Add", variance, np.float32(1e-5)))]


def level(g, x, side, channels, grid, width, name):
    """Means and deviations of each cell, through LayerNorm and a linear layer."""

    def means(x, cells):
        cell = side // cells
        return x if cell == 1 else g.op("AveragePool", x, kernel_shape=[cell] * 2, strides=[cell] * 2)

    if side == grid:
        distance = g.op("Sub", x, means(x, 1))
        variance = g.op("Mul", distance, distance)
        mean = x
    else:
        mean = means(x, grid)
        variance = g.op("Sub", means(g.op("Mul", x, x), grid), g.op("Mul", mean, mean))
        variance = g.op("Max", variance, np.float32(0))
    spread = g.op("Sqrt", g.op("Add", variance, np.float32(1e-5)))
    cells = g.op("Concat", mean, spread, axis=1)
    cells = g.op("Transpose", g.op("Reshape", cells, g.ints(0, 2 * channels, grid * grid)), perm=[0, 2, 1])
    rows = g.op("Reshape", g.norm(cells, name + "ln"), g.ints(-1, 2 * channels))
    return g.op("Reshape", g.linear(rows, name + "linear."), g.ints(-1, grid * grid, width))


def block(g, x, name, tokens, queries, width, experts):
    """A block for the first `queries` of `tokens`."""
    t, heads = g.tensors, width // 64
    normed = g.norm(x, name + ".ln_1")
    weight, bias = t[name + ".attn.in_proj_weight"], t[name + ".attn.in_proj_bias"]

    def first(x):
        return x if queries == tokens else g.op("Slice", x, g.ints(0), g.ints(queries), g.ints(1))

    def project(x, part, count, perm):
        rows = g.op("Reshape", x, g.ints(-1, width))
        y = g.op("Gemm", rows, weight[part * width : (part + 1) * width], bias[part * width : (part + 1) * width], transB=1)
        return g.op("Transpose", g.op("Reshape", y, g.ints(-1, count, heads, 64)), perm=perm)

    query = project(first(normed), 0, queries, [0, 2, 1, 3])
    key = project(normed, 1, tokens, [0, 2, 3, 1])
    value = project(normed, 2, tokens, [0, 2, 1, 3])
    scores = g.op("Softmax", g.op("Mul", g.op("MatMul", query, key), np.float32(0.125)), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", scores, value), perm=[0, 2, 1, 3])
    attended = g.linear(g.op("Reshape", mixed, g.ints(-1, width)), name + ".attn.out_proj.")
    x = g.op("Add", first(x), g.op("Reshape", attended, g.ints(-1, queries, width)))
    rows = g.op("Reshape", g.norm(x, name + ".ln_2"), g.ints(-1, width))
    gate = g.op("Softmax", g.linear(rows, name + ".mlp.gating.layer1."), axis=-1)
    gate = g.op("Mul", gate, t[name + ".mlp.scale"].reshape(1))
    y = g.mlp(rows, name + ".mlp.useful_experts")
    for k in range(experts):
        weight_of = g.op("Slice", gate, g.ints(k), g.ints(k + 1), g.ints(1))
        y = g.op("Add", y, g.op("Mul", g.mlp(rows, f"{name}.mlp.experts.expert_{k}"), weight_of))
    return g.op("Add", x, g.op("Reshape", y, g.ints(-1, queries, width)))


def build(meta, tensors):
    config = json.loads(meta["config"])
    lite, vision = config["stem"], config["vision"]
    if lite["variant"] != "lite0" or vision["moae_from"] != 0 or not lite["deviations"]:
        sys.exit("only a Gamma-Lite on lite0 with deviations and experts in every block is known here")
    g, width, tokens = Graph(tensors), vision["width"], vision["context_length"]
    visual = "clip_model.visual."
    x, pooled = stem(g, lite["levels"], config["image"] // config["patch"], width)
    batch = g.op("Concat", g.op("Shape", "pixels", start=0, end=1), g.ints(1, width), axis=0)
    token = g.op("Expand", tensors[visual + "class_embedding"].reshape(1, 1, width), batch)
    x = g.op("Concat", g.op("Add", token, pooled) if pooled else token, x, axis=1)
    x = g.norm(g.op("Add", x, tensors[visual + "positional_embedding"]), visual + "ln_pre")
    for index in range(vision["layers"]):
        queries = 1 if index + 1 == vision["layers"] else tokens
        x = block(g, x, f"{visual}transformer.resblocks.{index}", tokens, queries, width, config["experts"])
    x = g.norm(g.op("Reshape", x, g.ints(-1, width)), visual + "ln_post")
    x = g.op("MatMul", x, tensors[visual + "proj"])
    adapted = g.op("Relu", g.linear(g.op("Relu", g.linear(x, "adapter.fc.0.", False)), "adapter.fc.2.", False))
    x = g.op("Add", x, adapted)
    features = g.op("LpNormalization", x, axis=-1, p=2)
    factor = np.exp(tensors["clip_model.logit_scale"].reshape(()))
    # The levels of each domain, one after the other.
    rows = tensors["text_features.natural-quality"]
    levels = g.op("Softmax", g.op("MatMul", features, rows.T * factor), axis=-1)
    score = g.op("MatMul", levels, np.tile(tensors["score_level"], len(rows) // 5))
    for value, name in ((features, "features"), (score, "score")):
        g.nodes.append(helper.make_node("Identity", [value], [name]))
    graph = helper.make_graph(
        g.nodes,
        "gamma-lite",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", config["embed_dim"]]),
            helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n"]),
        ],
        list(g.constants.values()),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    onnx.save(build(*read(sys.argv[1])), sys.argv[2])
