import { readFileSync } from 'node:fs';

/** One tensor of a file. */
export interface Tensor {
  dtype: string;
  shape: number[];
  data: Buffer;
}

/** All tensors of a safetensors file, by name. */
export function readTensors(path: string): Map<string, Tensor> {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => [name, { dtype, shape, data: file.subarray(start + from, start + to) }],
      ),
  );
}

/** The metadata of a safetensors file. */
export function readMetadata(path: string): Record<string, string> {
  const file = readFileSync(path);
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0))));
  return header.__metadata__ as Record<string, string>;
}

/** A safetensors file of these tensors. */
export function writeTensors(tensors: Map<string, Tensor>, metadata: Record<string, string>): Buffer {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.length] };
    end += data.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...[...tensors.values()].map(({ data }) => data)]);
}
