// Seeds of the fuzz targets: valid inputs, small, for the fuzzer to damage.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WIDTH = 64;
const BLOCK = 'clip_model.visual.transformer.resblocks.0';
const CONFIG = {
  image: 224,
  patch: 32,
  vision: { width: WIDTH, layers: 1, moae_from: 0, context_length: 50 },
  text: null,
  embed_dim: 16,
  adapter: 8,
  experts: 1,
};

/** The tensors of the smallest Gamma: one block with one adaptive expert. */
function tensors() {
  const list = [];
  const add = (name, ...shape) => list.push({ name, shape });
  const norm = (name) => {
    add(`${name}.weight`, WIDTH);
    add(`${name}.bias`, WIDTH);
  };
  const linear = (name, output, input) => {
    add(`${name}.weight`, output, input);
    add(`${name}.bias`, output);
  };
  const mlp = (name) => {
    linear(`${name}.c_fc`, 4 * WIDTH, WIDTH);
    linear(`${name}.c_proj`, WIDTH, 4 * WIDTH);
  };
  const visual = 'clip_model.visual';
  add(`${visual}.conv1.weight`, WIDTH, 3, 32, 32);
  add(`${visual}.class_embedding`, WIDTH);
  add(`${visual}.positional_embedding`, 50, WIDTH);
  norm(`${visual}.ln_pre`);
  norm(`${BLOCK}.ln_1`);
  add(`${BLOCK}.attn.in_proj_weight`, 3 * WIDTH, WIDTH);
  add(`${BLOCK}.attn.in_proj_bias`, 3 * WIDTH);
  linear(`${BLOCK}.attn.out_proj`, WIDTH, WIDTH);
  norm(`${BLOCK}.ln_2`);
  linear(`${BLOCK}.mlp.gating.layer1`, 1, WIDTH);
  add(`${BLOCK}.mlp.scale`);
  mlp(`${BLOCK}.mlp.useful_experts`);
  mlp(`${BLOCK}.mlp.experts.expert_0`);
  norm(`${visual}.ln_post`);
  add(`${visual}.proj`, WIDTH, 16);
  add('adapter.fc.0.weight', 8, 16);
  add('adapter.fc.2.weight', 16, 8);
  add('clip_model.logit_scale');
  add('score_level', 5);
  add('text_features.generic', 5, 16);
  return list;
}

const product = (shape) => shape.reduce((a, b) => a * b, 1);
const isMatrix = (name) => /\.(in_proj_weight|out_proj\.weight|c_fc\.weight|c_proj\.weight)$/.test(name);

/** A header as JSON; with `bits`, of version 1 with quantised matrices and (made-up) hashes. */
function header(list, bits) {
  const table = { __metadata__: { trained: 'false' } };
  const layouts = {};
  const hashes = {};
  let at = 0;
  const place = (name, dtype, bytes, shape) => {
    const size = product(shape) * bytes;
    table[name] = { dtype, shape, data_offsets: [at, at + size] };
    hashes[name] = '0'.repeat(64);
    at += size;
  };
  for (const { name, shape } of list) {
    if (bits === undefined || !isMatrix(name)) {
      const half = shape.length > 1 && !name.startsWith('text_features');
      place(name, half ? 'F16' : 'F32', half ? 2 : 4, shape);
      continue;
    }
    const [output, input] = shape;
    const base = name.includes('.experts.expert_') ? name.replace('experts.expert_0', 'useful_experts') : undefined;
    layouts[name] = { bits, group: 32, shape, ...(base && { base }) };
    place(`${name}_scale`, 'F16', 2, [output, input / 32]);
    place(name, bits === 8 ? 'I8' : 'U8', 1, [output, (input * bits) / 8]);
  }
  if (bits !== undefined) {
    Object.assign(table.__metadata__, {
      format_version: '1',
      config: JSON.stringify(CONFIG),
      levels: JSON.stringify(['bad', 'poor', 'fair', 'good', 'perfect']),
      scenes: JSON.stringify({ generic: '{level} image' }),
      quantization: JSON.stringify({ scheme: 'q4', tensors: layouts }),
      sha256: JSON.stringify(hashes),
    });
  }
  return JSON.stringify(table);
}

function index(list, files) {
  const map = Object.fromEntries(list.map(({ name }, i) => [name, files[i < list.length / 2 ? 0 : 1]]));
  return JSON.stringify({ metadata: { format_version: '1', total_size: 1000 }, weight_map: map });
}

/** Bytes before an input of the assembly: what it is, and the size of pieces. */
const input = (mode, ...parts) =>
  Buffer.concat([
    Buffer.from([mode, 200]),
    ...parts.flatMap((part, i) => (i === 0 ? [Buffer.from(part)] : [Buffer.from([0xff]), Buffer.from(part)])),
  ]);

/**
 * What `torch.save({"params": OrderedDict(a=2x2 floats, b=one half)}, protocol 2)` writes as its data.pkl, without
 * the memo; with `legacy` as the format before version 1.6 has it, and what follows it there: the list of storages,
 * and these.
 */
function pickle(legacy) {
  const text = (value) =>
    Buffer.concat([Buffer.from('X'), Buffer.from(Uint32Array.of(value.length).buffer), Buffer.from(value)]);
  const global = (module, name) => Buffer.from(`c${module}\n${name}\n`);
  const bytes = (...values) =>
    Buffer.from(values.flatMap((value) => (typeof value === 'string' ? [value.charCodeAt(0)] : [value])));
  const tuple = (...parts) => Buffer.concat([bytes('('), ...parts, bytes('t')]);
  const small = (value) => bytes('K', value);
  const view = legacy ? ['N'] : [];
  const ordered = Buffer.concat([global('collections', 'OrderedDict'), bytes(')', 'R')]);
  const tensor = (storage, key, count, shape, strides) =>
    Buffer.concat([
      global('torch._utils', '_rebuild_tensor_v2'),
      tuple(
        Buffer.concat([
          tuple(text('storage'), global('torch', storage), text(key), text('cpu'), small(count), bytes(...view)),
          bytes('Q'),
        ]),
        small(0),
        tuple(...shape.map(small)),
        tuple(...strides.map(small)),
        bytes(0x89),
        ordered,
      ),
      bytes('R'),
    ]);
  const stored = (count, size) =>
    Buffer.concat([Buffer.from(BigInt64Array.of(BigInt(count)).buffer), Buffer.alloc(count * size)]);
  return Buffer.concat([
    bytes(0x80, 2, '}', '('),
    text('params'),
    ordered,
    bytes('('),
    text('a'),
    tensor('FloatStorage', '0', 4, [2, 2], [2, 1]),
    text('b'),
    tensor('HalfStorage', '1', 1, [], []),
    bytes('u', 'u', '.'),
    ...(legacy ? [bytes(0x80, 2, ']', '('), text('1'), text('0'), bytes('e', '.'), stored(1, 2), stored(4, 4)] : []),
  ]);
}

/** RAW files of all layouts that the tests know, with little of the sensor's data, and the fixtures of the other image formats. */
function raws(folder) {
  execFileSync('cargo', ['run', '--quiet', '--example', 'raw_files', '--', folder, '64']);
  const fixtures = fileURLToPath(new URL('../fixtures/images', import.meta.url));
  const files = [folder, fixtures].flatMap((place) => readdirSync(place).map((name) => join(place, name)));
  return files.filter((file) => !file.endsWith('.md')).map((file) => readFileSync(file));
}

/** The small JPEG files of the cases, as the target takes them: without their first two bytes. */
function jpegs() {
  const folder = fileURLToPath(new URL('../fixtures/cases/files', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.jpg'));
  const contents = files.map((name) => readFileSync(join(folder, name)));
  return contents.filter(({ length }) => length > 2 && length < 30_000).map((bytes) => bytes.subarray(2));
}

/** Writes the seeds into `folder`/<target>. */
export function writeSeeds(folder) {
  const all = tensors();
  const half = Math.ceil(all.length / 2);
  const plain = header(all);
  const files = ['a.safetensors', 'b.safetensors'];
  const several = index(all, files);
  const seeds = {
    header: [plain, header(all, 8), header(all, 3)],
    index: [several, index(all.slice(0, 4), ['a.safetensors', 'a.safetensors'])],
    assembly: [
      input(0, plain),
      input(4, header(all, 8)),
      input(0, header(all, 4)),
      input(1 | 8, several, header(all.slice(0, half)), header(all.slice(half))),
      input(2, Buffer.concat([Buffer.from([16, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a":{}}        ')])),
    ],
    pickle: [Buffer.concat([Buffer.from([0]), pickle(false)]), Buffer.concat([Buffer.from([2]), pickle(true)])],
  };
  seeds.jpeg = jpegs();
  seeds.raw = raws(join(folder, 'raw-files'));
  const photos = new URL('../fixtures/provenance/', import.meta.url);
  seeds.provenance = readdirSync(photos)
    .filter((name) => !/\.(json|md)$/.test(name))
    .map((name) => readFileSync(new URL(name, photos)));
  for (const [target, inputs] of Object.entries(seeds)) {
    mkdirSync(join(folder, target), { recursive: true });
    for (const [number, bytes] of inputs.entries()) writeFileSync(join(folder, target, `seed-${number}`), bytes);
  }
}
