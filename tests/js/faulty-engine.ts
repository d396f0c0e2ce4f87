// A double at the layer of launches: a GPU whose launches go wrong from a given one on, over the fake engine. Each step of a photo is one.
import type * as glue from './fake-engine.js';

/** What goes wrong, and what went. */
export interface Faults {
  /** The first launch that goes wrong, from 1. */
  from: number;
  /** Launches so far. */
  launches: number;
  /** How far off a wrong crop is. */
  off?: number;
}

type Engine = Awaited<ReturnType<glue.Loader['finish']>>;
type Job = ReturnType<Engine['job']>;

/** The module as it is on such a GPU. */
export function faulty(right: typeof glue, faults: Faults): typeof glue {
  class Loader extends right.Loader {
    override async finish() {
      return faultyEngine(await super.finish(), faults);
    }
  }
  return { ...right, Loader };
}

function faultyEngine(engine: Engine, faults: Faults): Engine {
  const share = engine.share.bind(engine);
  const job = engine.job.bind(engine);
  engine.share = () => faultyEngine(share(), faults);
  engine.job = (...all) => faultyJob(job(...all), faults);
  return engine;
}

function faultyJob(job: Job, faults: Faults): Job {
  const step = job.step.bind(job);
  const assess = job.assess.bind(job);
  /** Crops that were computed wrongly. */
  const wrong = new Set<number>();
  job.step = async () => {
    faults.launches += 1;
    if (faults.launches >= faults.from) wrong.add(job.done);
    return step();
  };
  job.assess = (scene) => {
    const assessment = assess(scene);
    const off = faults.off ?? 0.1;
    const crops = assessment.crops.map((crop, at) => (wrong.has(at) ? { ...crop, score: crop.score + off } : crop));
    const score = crops.reduce((sum, crop) => sum + crop.score, 0) / crops.length;
    return { ...assessment, crops, score };
  };
  return job;
}
