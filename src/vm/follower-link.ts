/** Keeps one connection to a hub alive: dials, runs the session, dials again (rules Y4, Y6). */
import { VirmoError } from '../errors.ts';
import { type BackoffOptions, backoffMs } from '../sync/backoff.ts';
import { FollowerSession } from '../sync/follower-session.ts';
import type { Channel, Dialer } from '../transport.ts';
import { maxCredentialsLength } from '../wire/codec.ts';
import { minFrameBytes } from '../wire/frame.ts';
import { ChannelPort } from './channel-port.ts';
import { Contact } from './contact.ts';
import type { VmEvent } from './events.ts';
import type { Mount } from './mount.ts';
import type { World } from './world.ts';

/** How a VM connects to a hub. */
export interface ConnectOptions {
  /** What the hub's `admit` asks for: a token, say; at most 8,192 characters. Default ''. */
  readonly credentials?: string;
  /** The management objects to keep in step over this connection, by name; default: all that are mounted, or will be. */
  readonly mos?: readonly string[];
  /** After how long without a word the hub is given up, in milliseconds. Default 5,000. */
  readonly silenceMs?: number;
  /** The largest message taken from the hub, in bytes: a whole management object comes in one. Default 256 MiB. */
  readonly maxMessageBytes?: number;
  readonly backoff?: BackoffOptions;
}

/** A connection to a hub. */
export interface Connection {
  /** Ends it; the mounts go on alone. May be called twice. */
  close(): Promise<void>;
}

/** What a link needs of its VM. */
export interface LinkHost {
  readonly vm: string;
  readonly world: World;
  /** By which a hub knows the later of two channels (rule Y4): a random number of the VM's process, and how often it dialled. */
  nextDial(): { readonly process: number; readonly dial: number };
  tell(event: VmEvent): void;
  dirty(): void;
}

/** Errors after which dialling again would only repeat them. */
const finalCodes: ReadonlySet<VirmoError['code']> = new Set([
  'duplicate-vm',
  'not-admitted',
  'version-unsupported',
]);

/** A connection to a hub, from its first dial to its `close`. */
export class FollowerLink {
  readonly #dialer: Dialer;
  readonly #options: ConnectOptions;
  readonly #host: LinkHost;
  readonly #mounts = new Map<string, Mount>();
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  readonly #closing = new Set<Promise<void>>();
  readonly #contact = new Contact<FollowerSession>();
  #session: FollowerSession | undefined;
  #failures = 0;

  /** Throws RangeError for credentials that no hello can carry. */
  constructor(dialer: Dialer, options: ConnectOptions, host: LinkHost, mounts: Iterable<Mount>) {
    const { credentials = '' } = options;
    if (credentials.length > maxCredentialsLength)
      throw new RangeError(`credentials of more than ${maxCredentialsLength} characters`);
    this.#dialer = dialer;
    this.#options = options;
    this.#host = host;
    for (const mount of mounts) this.#take(mount);
    this.#finished = this.#keepUp();
  }

  /** Whether management objects of this name go over this link. */
  wants(mo: string): boolean {
    return this.#options.mos?.includes(mo) ?? true;
  }

  /** Nothing happens if it has it already: a mount in the making may have been there when the link was made. */
  add(mount: Mount): void {
    if (this.#mounts.get(mount.mo) === mount) return;
    this.#take(mount);
    this.#session?.open(mount.mo, mount);
  }

  remove(mount: Mount): void {
    this.#mounts.delete(mount.mo);
    this.#session?.close(mount.mo);
    mount.setSynced(false);
  }

  /** Sends what waits; called at the end of a turn. */
  flush(): void {
    this.#session?.flush();
  }

  /** Ends the connection and dials no more. May be called twice. */
  async close(): Promise<void> {
    this.#stop.abort(new VirmoError('closed', 'the connection was closed'));
    this.#session?.end('normal', 'the VM closes the connection');
    // The channel may take its time to close. Meanwhile another connection may have the mounts in step: this one has no say in them any more.
    for (const mount of this.#mounts.values()) mount.setSynced(false);
    this.#mounts.clear();
    await this.#finished;
    await Promise.all(this.#closing);
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const error = await this.#connectOnce();
      if (signal.aborted) return;
      if (finalCodes.has(error.code)) {
        this.#host.tell({ type: 'gave-up', error });
        return;
      }
      const retryMs = backoffMs(this.#failures++, this.#host.world.random(), this.#options.backoff);
      this.#host.tell({ type: 'disconnected', error, retryMs });
      await delay(retryMs, this.#host.world, signal);
    }
  }

  /** One connection from dial to end; gives why it ended. */
  async #connectOnce(): Promise<VirmoError> {
    let channel: Channel | undefined;
    try {
      channel = await this.#dialer.dial({ signal: this.#stop.signal });
      return await this.#run(channel);
    } catch (cause) {
      return asVirmoError(cause, 'channel-failed');
    } finally {
      if (channel !== undefined) this.#finish(channel);
    }
  }

  async #run(channel: Channel): Promise<VirmoError> {
    const { world } = this.#host;
    const beganMs = world.monotonicMs();
    const session = this.#begin(channel);
    const { silenceMs = 5_000, backoff: { maxMs = 10_000 } = {} } = this.#options;
    let ended: VirmoError | undefined;
    const end = (cause: unknown): void => {
      ended ??= asVirmoError(cause, 'internal');
      session.end(ended.code, ended.message);
    };
    const stopHeartbeat = world.every(silenceMs / 5, () => {
      try {
        session.tick(world.monotonicMs());
      } catch (cause) {
        end(cause);
      }
    });
    try {
      for await (const frame of channel) {
        if (ended !== undefined || this.#stop.signal.aborted) break;
        const nowMs = world.monotonicMs();
        session.receive(frame, nowMs);
        this.#contact.heard(nowMs);
      }
    } catch (cause) {
      end(cause);
    } finally {
      stopHeartbeat();
      this.#leave(session);
      // Only a connection that lasts is a success: one that ends as soon as it begins would be dialled in a loop.
      if (world.monotonicMs() - beganMs >= maxMs) this.#failures = 0;
    }
    return ended ?? new VirmoError('channel-closed', 'the hub closed the channel');
  }

  #begin(channel: Channel): FollowerSession {
    const { credentials = '', silenceMs = 5_000, maxMessageBytes = 268_435_456 } = this.#options;
    if (channel.maxMessageBytes < minFrameBytes)
      throw new VirmoError('channel-failed', `it takes messages of ${channel.maxMessageBytes} bytes only`);
    const port = new ChannelPort(channel, () => this.#host.dirty());
    const session: FollowerSession = new FollowerSession({
      vm: this.#host.vm,
      ...this.#host.nextDial(),
      credentials,
      port,
      nowMs: this.#host.world.monotonicMs(),
      silenceMs,
      maxMessageBytes,
      listener: {
        welcomed: (hub) => {
          this.#contact.begin(hub, session, port, this.#host.world.monotonicMs());
          this.#host.tell({ type: 'connected', hub });
        },
        synced: (mo) => this.#mounts.get(mo)?.setSynced(true),
        closed: (mo, error) => this.#mounts.get(mo)?.reject(error),
        received: () => this.#host.dirty(),
      },
    });
    this.#session = session;
    for (const mount of this.#mounts.values()) session.open(mount.mo, mount);
    if (this.#stop.signal.aborted) session.end('normal', 'the VM closes the connection');
    return session;
  }

  /** Closing may take its time when the peer is gone; dialling anew does not wait for it, `close` does. */
  #finish(channel: Channel): void {
    const closing = channel.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #take(mount: Mount): void {
    this.#mounts.set(mount.mo, mount);
    mount.peers.hub = this.#contact;
  }

  #leave(session: FollowerSession): void {
    session.abandon();
    this.#contact.end();
    if (this.#session === session) this.#session = undefined;
    for (const mount of this.#mounts.values()) mount.setSynced(false);
  }
}

/** The error itself if it is one of this library's, else one with this code and it as the cause. */
export function asVirmoError(cause: unknown, code: VirmoError['code']): VirmoError {
  if (cause instanceof VirmoError) return cause;
  return new VirmoError(code, cause instanceof Error ? cause.message : String(cause), { cause });
}

function delay(ms: number, world: World, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = world.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
