/** The network: each VM has a link to the hub, with a latency, a rate, and days on which it is cut. */
import { Queue } from '../../adapters/transport/queue.ts';
import { VirmoError } from '../../src/errors.ts';
import type { Channel, Listener } from '../../src/transport.ts';
import type { Cancel } from '../../src/vm/world.ts';
import { connect, type Wire } from './channel.ts';
import type { ChannelEnd } from './channel-end.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** Who is told at once that a link was cut; the others find out by the silence. */
export type Noticed = 'both' | 'vm' | 'hub' | 'nobody';

export interface NetworkOptions {
  readonly maxMessageBytes: number;
  /** From how many bytes on the way to a reader a send waits. */
  readonly queueBytes: number;
}

const usualLatencyMs = 5;
const usualBytesPerMs = 100_000;

/** The way between one VM and the hub. */
export class Link {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly channels: Set<Wire> = new Set();
  #latencyMs = usualLatencyMs;
  #bytesPerMs = usualBytesPerMs;
  /** How many messages were lost on it. */
  lost = 0;
  #cuts = 0;
  /** When what was sent last arrives. */
  readonly #lastMs = { toHub: 0, toVm: 0 };

  constructor(timeline: Timeline, random: Random) {
    this.timeline = timeline;
    this.random = random;
  }

  /** How long this message takes. */
  delayMs(bytes: number): number {
    return this.#latencyMs * (0.5 + this.random.next()) + bytes / this.#bytesPerMs;
  }

  /** When a message arrives that is sent now. It overtakes none of those before it, of an older channel either: a hub that hears a VM's new channel before its old one is rule Y4. */
  arrivalMs(bytes: number, isForHub: boolean): number {
    const way = isForHub ? 'toHub' : 'toVm';
    const atMs = Math.max(this.#lastMs[way], this.timeline.nowMs + this.delayMs(bytes));
    this.#lastMs[way] = atMs;
    return atMs;
  }

  /** Whether nothing is on the way. */
  get isQuiet(): boolean {
    return Math.max(this.#lastMs.toHub, this.#lastMs.toVm) <= this.timeline.nowMs;
  }

  /** Without figures it is as fast as usual. */
  slow(latencyMs: number = usualLatencyMs, bytesPerMs: number = usualBytesPerMs): void {
    this.#latencyMs = latencyMs;
    this.#bytesPerMs = bytesPerMs;
  }

  /** What is on the way is lost, and nothing gets through until `heal`. */
  cut(noticed: Noticed): void {
    this.#cuts++;
    for (const wire of this.channels) {
      wire.lose();
      const isTold = noticed === 'both' || noticed === (wire.isDialers ? 'vm' : 'hub');
      if (isTold) wire.breakLater(this.#latencyMs * this.random.next());
    }
  }

  /** The end of one cut; of several at a time all must end. */
  heal(): void {
    this.#cuts--;
  }

  get isCut(): boolean {
    return this.#cuts > 0;
  }
}

/** All links, and the one address there is. */
export class Network {
  readonly #timeline: Timeline;
  readonly #options: NetworkOptions;
  #listener: SimulatedListener | undefined;

  constructor(timeline: Timeline, options: NetworkOptions) {
    this.#timeline = timeline;
    this.#options = options;
  }

  /** For the hub's process. */
  listen(process: Process): Listener {
    if (this.#listener !== undefined) throw new RangeError('somebody listens already');
    const listener = new SimulatedListener(process, () => {
      if (this.#listener === listener) this.#listener = undefined;
    });
    this.#listener = listener;
    return listener;
  }

  /** Dials for a process, which is told later of the channel or that there is none; gives what calls it off. */
  dial(process: Process, link: Link, answer: (dialled: ChannelEnd | VirmoError) => void): Cancel {
    return this.#timeline.after(link.delayMs(64), process, () => {
      const listener = this.#listener;
      if (link.isCut || listener === undefined || !listener.process.isAlive)
        answer(new VirmoError('channel-failed', 'the hub cannot be reached'));
      else {
        const wire = this.#arrive(process, link, listener);
        wire.isKnown = true;
        answer(wire.end);
      }
    });
  }

  /** A process is dead: the other ends of its channels break, or find out by the silence. */
  died(process: Process, links: Iterable<Link>, isNoticed: boolean): void {
    for (const link of links) {
      for (const wire of [...link.channels]) {
        if (wire.process !== process) continue;
        wire.vanish();
        if (isNoticed) wire.peer.reset();
        else wire.peer.lose();
      }
    }
    if (this.#listener?.process === process) this.#listener = undefined;
  }

  /** The ends of channels that a process has. */
  channelsOf(process: Process, links: Iterable<Link>): string[] {
    const wires = [...links].flatMap(({ channels }) => [...channels]);
    return wires.filter((wire) => wire.process === process && wire.isKnown).map(() => 'an end of a channel');
  }

  #arrive(process: Process, link: Link, listener: SimulatedListener): Wire {
    const [near, far] = connect(link, this.#options, process, listener.process);
    this.#timeline.at(link.arrivalMs(64, true), undefined, () => {
      if (near.isLost) return;
      if (!listener.process.isAlive) {
        near.reset();
        return;
      }
      link.channels.add(far);
      this.#timeline.after(0, listener.process, () => {
        if (!listener.isClosed) listener.accept(far);
        else {
          far.vanish();
          near.reset();
        }
      });
    });
    return near;
  }
}

class SimulatedListener implements Listener {
  readonly address = 'hub';
  readonly process: Process;
  readonly #accepted = new Queue<Channel>(() => 1);
  readonly #onClose: () => void;
  #isClosed = false;

  constructor(process: Process, onClose: () => void) {
    this.process = process;
    this.#onClose = onClose;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  accept(wire: Wire): void {
    wire.isKnown = true;
    this.#accepted.push(wire.end);
  }

  [Symbol.asyncIterator](): AsyncIterator<Channel> {
    return this.#accepted;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#accepted.end();
    const refused = { code: 'closed', reason: 'the listener was closed' } as const;
    await Promise.all(this.#accepted.drain().map((channel) => channel.close(refused)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
