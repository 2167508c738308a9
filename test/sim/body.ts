/**
 * The senses of one process that follows a hub, with a tape of all that comes through them. Before it is alive it meets what is on its tape and nothing else, and what it does has no effect; from then on it meets the world, and
 * the tape goes on.
 */
import { VirmoError } from '../../src/errors.ts';
import type { Storage } from '../../src/storage.ts';
import type { Channel } from '../../src/transport.ts';
import type { Cancel, World } from '../../src/vm/world.ts';
import { ChannelEnd, type EndInput, type Outside } from './channel-end.ts';
import type { Program } from './program.ts';
import type { Random } from './random.ts';
import type { Senses } from './senses.ts';
import { perform, type StorageCall, type Stored, TapedStorage } from './storage-call.ts';
import type { Asked, Input, Tape } from './tape.ts';

/** What is around a process that is alive. */
export interface Surroundings {
  readonly nowMs: () => number;
  readonly moment: () => number;
  readonly world: World;
  readonly later: (ms: number, call: () => void) => Cancel;
  readonly storage: Storage;
  readonly dial: (answer: (dialled: ChannelEnd | VirmoError) => void) => Cancel;
}

/** What becomes of a channel that an image has, and nobody at its other end. */
export type Fate = 'breaks' | 'silent';

interface Timer {
  readonly kind: 'timer' | 'interval' | 'turn' | 'wait';
  readonly ms: number;
  readonly call: () => void;
  cancel: Cancel;
}

interface StorageWait {
  readonly call: StorageCall;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
}

interface Dialling {
  readonly answer: (dialled: ChannelEnd | VirmoError) => void;
  cancel: Cancel;
}

/** Frames of channels that nobody reads any more go on for so long before that is noticed, in milliseconds. */
const breakMs = 7;

export class Body {
  readonly tape: Tape;
  readonly #maxMessageBytes: number;
  /** What need not differ between two that met the same. */
  readonly #chance: Random;
  #program: Program | undefined;
  #around: Surroundings | undefined;
  /** What it meets now, before it is alive. */
  #present: Input | undefined;
  /** For how long it stood still. */
  #shiftMs = 0;
  #asks = 0;
  #kernelAsks = 0;
  readonly #timers = new Map<number, Timer>();
  readonly #storage = new Map<number, StorageWait>();
  readonly #diallings = new Map<number, Dialling>();
  readonly #ends = new Map<number, ChannelEnd>();
  readonly #sends = new Map<number, number>();

  /** `tape`: what it is to meet before it is alive, and what goes on then. */
  constructor(maxMessageBytes: number, tape: Tape) {
    this.#maxMessageBytes = maxMessageBytes;
    this.tape = tape;
    this.#chance = tape.start.random.fork('chance');
  }

  /** What runs in it. */
  get program(): Program {
    if (this.#program === undefined) throw new TypeError('nothing runs in it');
    return this.#program;
  }

  set program(program: Program) {
    this.#program = program;
  }

  /** How many messages it sent before it was alive, by what it asked for. */
  get sent(): readonly number[] {
    return this.tape.asked.map((_asked, number) => this.#sends.get(number) ?? 0);
  }

  /** From now on it meets this, and what it had under way is under way there. What is taken from its tape was at `untilMs`. */
  live(around: Surroundings, untilMs: number, fate: Fate): void {
    this.#around = around;
    this.#shiftMs = around.nowMs() - untilMs;
    this.#present = undefined;
    const sinceMs = (number: number) => untilMs - (this.tape.asked[number]?.nowMs ?? 0);
    for (const [number, timer] of this.#timers) this.#arm(number, timer, sinceMs(number));
    for (const [number, wait] of this.#storage) this.#issue(number, wait.call);
    for (const number of this.#diallings.keys())
      this.#answerLater(number, new VirmoError('channel-failed', 'the link was cut'));
    for (const [number, end] of this.#ends) {
      end.outside = this.#nobody(number, around);
      if (fate === 'breaks' && !end.isEnded) this.#breakLater(number, around);
      if (end.isEnded) around.later(breakMs, () => this.#happen(number, { type: 'parted' }));
    }
  }

  /** Something happens to it: notes it, and has it happen. */
  meet(feed: (body: Body) => void): void {
    this.note(feed);
    feed(this);
  }

  /** Something happens to it that somebody else has happen. */
  note(feed: (body: Body) => void): void {
    const { moment, nowMs, world } = this.#alive();
    this.tape.inputs.push({
      ...{ moment: moment(), nowMs: nowMs() - this.#shiftMs, clockMs: world.now() },
      feed,
    });
  }

  /** Before it is alive: what is on its tape happens to it. Not what follows from it. */
  play(input: Input): void {
    this.#present = input;
    input.feed(this);
  }

  readonly senses: Senses = {
    world: {
      now: () => this.#around?.world.now() ?? this.#present?.clockMs ?? 0,
      monotonicMs: () => this.#monotonicMs(),
      after: (ms, call) => this.#time('timer', ms, call),
      every: (ms, call) => this.#time('interval', ms, call),
      afterTurn: (call) => this.#time('turn', 0, call),
      random53: () => this.#random53(),
      random: () => this.#chance.next(),
    },
    later: (ms, call) => void this.#time('wait', ms, call),
    storage: new TapedStorage((call) => this.#store(call)),
    dialer: { dial: ({ signal } = {}) => this.#dial(signal) },
    listen: () => {
      throw new TypeError('a VM whose life is on tape serves nobody');
    },
  };

  #monotonicMs(): number {
    return this.#around === undefined ? (this.#present?.nowMs ?? 0) : this.#around.nowMs() - this.#shiftMs;
  }

  #random53(): number {
    const { kernel } = this.tape;
    if (this.#around !== undefined) kernel.push(this.#around.world.random53());
    const number = kernel[this.#around === undefined ? this.#kernelAsks++ : kernel.length - 1];
    if (number === undefined) throw new Error('[image] asked the kernel for more random numbers than before');
    return number;
  }

  /** Throws an Error when a body that meets the same does something else: then it is not what it is meant to be. */
  #ask(what: string): number {
    const number = this.#asks++;
    const asked: Asked | undefined = this.tape.asked[number];
    if (asked === undefined && this.#around === undefined)
      throw new Error(`[image] asked for ${what}, of which the tape knows nothing`);
    if (asked !== undefined && asked.what !== what)
      throw new Error(`[image] asked for ${what} where ${asked.what} was asked for before`);
    if (asked === undefined) this.tape.asked.push({ what, nowMs: this.#monotonicMs(), rooms: [] });
    return number;
  }

  #time(kind: Timer['kind'], ms: number, call: () => void): Cancel {
    const number = this.#ask(kind);
    const timer: Timer = { kind, ms, call, cancel: () => undefined };
    this.#timers.set(number, timer);
    if (this.#around !== undefined) this.#arm(number, timer, 0);
    return () => {
      this.#timers.delete(number);
      timer.cancel();
    };
  }

  #arm(number: number, timer: Timer, sinceMs: number): void {
    const { world, later } = this.#alive();
    const { kind, ms } = timer;
    const fire = (): void => this.meet((body) => body.#fire(number));
    const leftMs = Math.max(0, ms - sinceMs);
    switch (kind) {
      case 'timer':
        timer.cancel = world.after(leftMs, fire);
        return;
      case 'interval':
        timer.cancel = world.every(ms, fire);
        return;
      case 'turn':
        timer.cancel = world.afterTurn(fire);
        return;
      case 'wait':
        timer.cancel = later(leftMs, fire);
        return;
    }
  }

  #fire(number: number): void {
    const timer = this.#timers.get(number);
    if (timer === undefined) throw new Error(`[image] it does not wait for the timer ${number}`);
    if (timer.kind !== 'interval') this.#timers.delete(number);
    timer.call();
  }

  #store(call: StorageCall): Promise<Stored> {
    const number = this.#ask(call.type);
    return new Promise((resolve, reject) => {
      this.#storage.set(number, { call, resolve, reject });
      if (this.#around !== undefined) this.#issue(number, call);
    });
  }

  #issue(number: number, call: StorageCall): void {
    perform(this.#alive().storage, call).then(
      (stored) => this.meet((body) => body.#takeStorage(number).resolve(stored)),
      (error: unknown) => this.meet((body) => body.#takeStorage(number).reject(error)),
    );
  }

  #takeStorage(number: number): StorageWait {
    const wait = this.#storage.get(number);
    if (wait === undefined) throw new Error(`[image] it does not wait for its disk (${number})`);
    this.#storage.delete(number);
    return wait;
  }

  #dial(signal: AbortSignal | undefined): Promise<Channel> {
    const number = this.#ask('dial');
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#diallings.get(number)?.cancel();
        this.#diallings.delete(number);
        reject(signal?.reason);
      };
      const answer = (dialled: ChannelEnd | VirmoError): void => {
        signal?.removeEventListener('abort', abort);
        if (dialled instanceof VirmoError) reject(dialled);
        else resolve(dialled);
      };
      const dialling: Dialling = { answer, cancel: () => undefined };
      this.#diallings.set(number, dialling);
      if (this.#around !== undefined)
        dialling.cancel = this.#around.dial((dialled) => this.#dialled(number, dialled));
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #dialled(number: number, dialled: ChannelEnd | VirmoError): void {
    if (dialled instanceof VirmoError) {
      this.meet((body) => body.#answer(number, dialled));
      return;
    }
    const { outside } = dialled;
    const rooms = this.tape.asked[number]?.rooms;
    dialled.outside = {
      send: (message) => {
        const hasRoom = outside.send(message);
        rooms?.push(hasRoom);
        return hasRoom;
      },
      close: (reason) => outside.close(reason),
      taken: () => outside.taken(),
    };
    dialled.hear = (input) => this.meet((body) => body.#happenTo(number, input));
    this.#ends.set(number, dialled);
    this.meet((body) => body.#answer(number, body.#end(number)));
  }

  #answer(number: number, dialled: ChannelEnd | VirmoError): void {
    const dialling = this.#diallings.get(number);
    this.#diallings.delete(number);
    dialling?.answer(dialled);
  }

  #answerLater(number: number, error: VirmoError): void {
    const dialling = this.#diallings.get(number);
    if (dialling !== undefined)
      dialling.cancel = this.#alive().later(breakMs, () => this.#dialled(number, error));
  }

  /** Before it is alive an end is made when it is heard of. */
  #end(number: number): ChannelEnd {
    const known = this.#ends.get(number);
    if (known !== undefined) return known;
    const end = new ChannelEnd(this.#maxMessageBytes, this.#asBefore(number));
    this.#ends.set(number, end);
    return end;
  }

  #happen(number: number, input: EndInput): void {
    this.meet((body) => body.#happenTo(number, input));
  }

  #happenTo(number: number, input: EndInput): void {
    const end = this.#end(number);
    end.take(input.type === 'message' ? { type: 'message', message: new Uint8Array(input.message) } : input);
  }

  /** There is room where there was. */
  #asBefore(number: number): Outside {
    return {
      send: () => {
        const at = this.#sends.get(number) ?? 0;
        this.#sends.set(number, at + 1);
        const hadRoom = this.tape.asked[number]?.rooms[at];
        if (hadRoom === undefined) throw new Error(`[image] sent more on the channel ${number} than before`);
        return hadRoom;
      },
      close: () => undefined,
      taken: () => undefined,
    };
  }

  /** Of a channel that was open when the image was made there is but this end. */
  #nobody(number: number, { later }: Surroundings): Outside {
    const rooms = this.tape.asked[number]?.rooms;
    return {
      send: () => {
        rooms?.push(true);
        return true;
      },
      close: () => void later(breakMs, () => this.#happen(number, { type: 'parted' })),
      taken: () => undefined,
    };
  }

  #breakLater(number: number, { later }: Surroundings): void {
    const ending = { by: 'break', cause: 'the link was cut' } as const;
    later(breakMs, () => this.#happen(number, { type: 'ended', ending }));
  }

  #alive(): Surroundings {
    if (this.#around === undefined) throw new TypeError('it is not alive');
    return this.#around;
  }
}
