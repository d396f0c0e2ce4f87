// What tests see of the fake engine beside its surface.

/** Objects that are not freed, and counts of what happened. */
export interface Live {
  photos: number;
  jobs: number;
  /** The most that there were at the same time. */
  mostJobs: number;
  loaders: number;
  groupings: number;
  engines: number;
  steps: number;
  /** Jobs that went on from the answers of another one. */
  resumed: number;
  merges: number;
  /** Photos that the module `extras` decoded. */
  extras: number;
  decoded: string[];
  /** That of the last loader. */
  precision?: string;
  /** Names of files that were begun. */
  begun: string[];
}

/** What `open_device` answers. */
export interface FakeDevice {
  kind: 'cpu' | 'webgpu';
  name: string;
  software: boolean;
  half: boolean;
  error: string | undefined;
}
