// Photos with what a camera writes of when and how each was taken.

/** What a camera writes. */
export interface Taken {
  /** `2026:11:27 10:20:30`. */
  readonly time: string;
  /** Exposure bias in thirds of a stop. */
  readonly bias?: number;
}

/** A JPEG file with EXIF data of a camera in it. */
export function withExif(jpeg: Uint8Array, taken: Taken): Buffer {
  const data = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff(taken)]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, data, jpeg.subarray(2)]);
}

/** A directory of EXIF data behind the one that points to it; values longer than four bytes follow. */
function tiff({ time, bias = 0 }: Taken): Buffer {
  const [main, exif, values] = [8, 26, 56];
  const file = Buffer.alloc(values + 28);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(main, 4);
  const entry = (at: number, numbers: [tag: number, kind: number, count: number, value: number]) => {
    file.writeUInt16LE(numbers[0], at);
    file.writeUInt16LE(numbers[1], at + 2);
    file.writeUInt32LE(numbers[2], at + 4);
    file.writeUInt32LE(numbers[3], at + 8);
  };
  file.writeUInt16LE(1, main);
  entry(main + 2, [0x8769, 4, 1, exif]);
  file.writeUInt16LE(2, exif);
  entry(exif + 2, [0x9003, 2, 20, values]);
  entry(exif + 14, [0x9204, 10, 1, values + 20]);
  file.write(time, values, 'latin1');
  file.writeInt32LE(bias, values + 20);
  file.writeInt32LE(3, values + 24);
  return file;
}
