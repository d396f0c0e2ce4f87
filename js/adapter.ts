// An adapter without `timestamp-query` as one with it: the engine's runtime refuses to start without that feature, though it measures
// times only when it is told to, and it never is.

/** The part of WebGPU that is touched, so that this compiles without WebGPU's types. */
interface Gpu {
  requestAdapter(options?: object): Promise<Adapter | null>;
}
interface Adapter {
  readonly features: { has(feature: string): boolean };
  requestDevice(descriptor?: Descriptor): Promise<object>;
}
interface Descriptor {
  requiredFeatures?: Iterable<string>;
}

const MISSED = 'timestamp-query';

/** Lets all adapters of `gpu` claim the feature, and none of their devices be asked for it that lacks it. */
export function claimTimestamps(gpu: object | undefined): void {
  if (!gpu) return;
  const real = (gpu as Gpu).requestAdapter.bind(gpu as Gpu);
  Object.defineProperty(gpu, 'requestAdapter', {
    configurable: true,
    value: async (options?: object) => {
      const adapter = await real(options);
      if (adapter && !adapter.features.has(MISSED)) claim(adapter);
      return adapter;
    },
  });
}

function claim(adapter: Adapter): void {
  const { features } = adapter;
  const requestDevice = adapter.requestDevice.bind(adapter);
  Object.defineProperty(adapter, 'features', {
    value: { has: (feature: string) => feature === MISSED || features.has(feature) },
  });
  Object.defineProperty(adapter, 'requestDevice', {
    value: (descriptor: Descriptor = {}) =>
      requestDevice({
        ...descriptor,
        requiredFeatures: [...(descriptor.requiredFeatures ?? [])].filter((feature) => feature !== MISSED),
      }),
  });
}
