/** What a VM knows of a peer by its channels: when it was heard last, and what waits to leave for it. */
import type { ChannelPort } from './channel-port.ts';

/** A conversation with a known peer that is going on. */
interface Line<Session> {
  readonly session: Session;
  readonly port: ChannelPort;
}

/** One peer: over one channel of a service, or over one channel after another of a link. Counts nothing but time. */
export class Contact<Session> {
  #vm: string | undefined;
  #heardMs: number | undefined;
  #line: Line<Session> | undefined;

  /** The peer is known from now on, and may be heard. */
  begin(vm: string, session: Session, port: ChannelPort, nowMs: number): void {
    this.#vm = vm;
    this.#line = { session, port };
    this.#heardMs = nowMs;
  }

  /** A frame came, by the monotonic clock; one of a peer that is not known yet does not count. */
  heard(nowMs: number): void {
    if (this.#line !== undefined) this.#heardMs = nowMs;
  }

  /** The channel is gone. May be called twice. */
  end(): void {
    this.#line = undefined;
  }

  /** The peer's id; `undefined` before the first `begin`. */
  get vm(): string | undefined {
    return this.#vm;
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  get session(): Session | undefined {
    return this.#line?.session;
  }

  /** What the channel was given and has not taken yet. */
  get bytesOnTheWay(): number {
    return this.#line?.port.bytesOnTheWay ?? 0;
  }

  /** For how long nothing was heard of it, in milliseconds; `undefined` if it never was. */
  silentMs(nowMs: number): number | undefined {
    return this.#heardMs === undefined ? undefined : nowMs - this.#heardMs;
  }
}
