/** One life of a VM's process, and the world it lives in: virtual time, its own wall clock, chance out of the seed. */
import type { Cancel, World } from '../../src/vm/world.ts';
import type { Random } from './random.ts';
import type { Owner, Timeline } from './timeline.ts';

/** What runs between a start and the stop or crash that ends it. */
export class Process implements Owner {
  isAlive = true;
  isPaused = false;
  readonly world: World;
  /** Timers and turns that are asked for and neither over nor called off. */
  readonly #asked = new Set<string>();
  readonly #timeline: Timeline;
  #asks = 0;

  /** `clockMs`: what the VM's wall clock shows. */
  constructor(timeline: Timeline, random: Random, clockMs: () => number) {
    this.#timeline = timeline;
    const [turns, chance, kernel] = [random.fork('turns'), random.fork('chance'), random.fork('kernel')];
    this.world = {
      now: clockMs,
      monotonicMs: () => timeline.nowMs,
      after: (ms, call) => this.#ask('timer', ms, call),
      every: (ms, call) => this.#repeat(ms, call),
      afterTurn: (call) => this.#ask('turn', turns.pick(turnLengthsMs), call),
      random53: () => kernel.int53(),
      random: () => chance.next(),
    };
  }

  /** The end, from one moment to the next: whatever it waits for does not come. */
  kill(): void {
    this.isAlive = false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#timeline.resume(this);
  }

  /** What would still tick: nothing may, once a VM is closed. */
  get asked(): readonly string[] {
    return [...this.#asked];
  }

  #ask(kind: string, ms: number, call: () => void): Cancel {
    const name = `${kind} ${this.#asks++} of ${ms} ms`;
    this.#asked.add(name);
    const cancel = this.#timeline.after(ms, this, () => {
      this.#asked.delete(name);
      call();
    });
    return () => {
      this.#asked.delete(name);
      cancel();
    };
  }

  #repeat(ms: number, call: () => void): Cancel {
    let cancel = (): void => undefined;
    const next = (): void => {
      cancel = this.#ask('interval', ms, () => {
        next();
        call();
      });
    };
    next();
    return () => cancel();
  }
}

/** A turn of the event loop takes its time now and then: what was written in it is lost in a crash. */
const turnLengthsMs = [0, 0, 0, 0, 1, 3] as const;
