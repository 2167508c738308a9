/** A VM that serves: takes channels from a listener, asks who is there, runs a session for each (rules D2, Y4, S3). */
import { VirmoError } from '../errors.ts';
import { HubSession, type ServedMo } from '../sync/hub-session.ts';
import type { Channel, Listener } from '../transport.ts';
import type { Admit } from './admission.ts';
import { ChannelPort } from './channel-port.ts';
import { Contact } from './contact.ts';
import { asVirmoError, type LinkHost } from './follower-link.ts';
import type { Mount } from './mount.ts';

/** How a VM serves others. */
export interface ServeOptions {
  /** Who may come in; see `preSharedTokens`. */
  readonly admit: Admit;
  /** The management objects to serve, by name; default: all that are mounted, or will be. */
  readonly mos?: readonly string[];
  /** After how long without a word a VM is given up, in milliseconds. Default 5,000. */
  readonly silenceMs?: number;
  /** The largest message taken from a VM, in bytes. Default 16 MiB. */
  readonly maxMessageBytes?: number;
  /** How many management objects a VM may have open. Default 128. */
  readonly maxOpenMos?: number;
}

/** A hub at work. */
export interface Service {
  /** What other VMs dial. */
  readonly address: string;
  /** Ends it, with all sessions. May be called twice. */
  close(): Promise<void>;
}

/** Runs until `close`: no channel, whatever comes over it, ends it or another channel. */
export class Server {
  readonly #listener: Listener;
  readonly #options: ServeOptions;
  readonly #host: LinkHost;
  readonly #mounts = new Map<string, Mount>();
  readonly #guests = new Set<Guest>();
  readonly #finished: Promise<void>;
  readonly #running = new Set<Promise<void>>();

  constructor(listener: Listener, options: ServeOptions, host: LinkHost, mounts: Iterable<Mount>) {
    this.#listener = listener;
    this.#options = options;
    this.#host = host;
    for (const mount of mounts) this.#mounts.set(mount.mo, mount);
    this.#finished = this.#accept();
  }

  /** What VMs dial. */
  get address(): string {
    return this.#listener.address;
  }

  wants(mo: string): boolean {
    return this.#options.mos?.includes(mo) ?? true;
  }

  add(mount: Mount): void {
    this.#mounts.set(mount.mo, mount);
  }

  remove(mount: Mount): void {
    this.#mounts.delete(mount.mo);
    for (const { session } of this.#guests) {
      session.closeMo(mount, new VirmoError('mo-unknown', `${mount.mo} is not served any more`));
    }
  }

  /** Sends what is new to every VM, first to those to whom all of it is new; called at the end of a turn, when main is written. */
  flush(): void {
    const sessions = [...this.#guests].map(({ session }) => session);
    sessions.sort((a, b) => Number(a.owesAnswer) - Number(b.owesAnswer));
    for (const session of sessions) session.flush();
  }

  /** Takes no more channels and ends all sessions. May be called twice. */
  async close(): Promise<void> {
    const closing = this.#listener.close();
    this.#dismissAll();
    try {
      await closing;
      await this.#finished;
    } finally {
      // Also those that were accepted meanwhile.
      this.#dismissAll();
      await Promise.all(this.#running);
    }
  }

  #dismissAll(): void {
    for (const guest of this.#guests) guest.dismiss('the hub closes');
  }

  async #accept(): Promise<void> {
    try {
      for await (const channel of this.#listener) {
        const run = this.#run(channel);
        this.#running.add(run);
        void run.finally(() => this.#running.delete(run));
      }
    } catch (cause) {
      this.#host.tell({ type: 'listener-failed', error: asVirmoError(cause, 'channel-failed') });
    }
  }

  async #run(channel: Channel): Promise<void> {
    const guest = new Guest(channel, this.#options, this.#host, {
      served: (mo) => this.#mounts.get(mo),
      opened: (mo, vm, contact) => this.#mounts.get(mo)?.peers.opened(vm, contact),
      displace: (newcomer) => this.#displace(newcomer),
    });
    this.#guests.add(guest);
    try {
      await guest.run();
    } finally {
      this.#guests.delete(guest);
    }
  }

  /** A VM has one channel: a newer one takes the older one's place (rule Y4). Says whether this one is the newer. */
  #displace(newcomer: Guest): boolean {
    const { session } = newcomer;
    for (const guest of this.#guests) {
      if (guest === newcomer || !guest.isAdmitted || guest.session.vm !== session.vm) continue;
      if (session.isOlderThan(guest.session)) return false;
      guest.end(new VirmoError('duplicate-vm', `another channel of ${session.vm} took this one's place`));
    }
    return true;
  }
}

interface GuestHost {
  served(mo: string): ServedMo | undefined;
  opened(mo: string, vm: string, contact: Contact<HubSession>): void;
  /** Ends the VM's other channels; false when one of them is newer. */
  displace(newcomer: Guest): boolean;
}

/** One channel of one VM. */
class Guest {
  readonly session: HubSession;
  readonly #contact = new Contact<HubSession>();
  isAdmitted = false;
  readonly #channel: Channel;
  readonly #options: ServeOptions;
  readonly #host: LinkHost;
  readonly #server: GuestHost;
  readonly #port: ChannelPort;
  /** Nothing that the VM says counts any more. */
  #isOver = false;

  constructor(channel: Channel, options: ServeOptions, host: LinkHost, server: GuestHost) {
    this.#channel = channel;
    this.#options = options;
    this.#host = host;
    this.#server = server;
    this.#port = new ChannelPort(channel, () => host.dirty());
    const { silenceMs = 5_000, maxMessageBytes = 16_777_216, maxOpenMos = 128 } = options;
    this.session = new HubSession({
      vm: host.vm,
      port: this.#port,
      nowMs: host.world.monotonicMs(),
      silenceMs,
      maxMessageBytes,
      maxOpenMos,
      listener: {
        greeted: (vm, credentials) => void this.#judge(vm, credentials),
        served: (mo) => server.served(mo),
        opened: (mo) => server.opened(mo, this.session.vm, this.#contact),
        parted: () => this.dismiss('goodbye'),
        dirty: () => host.dirty(),
      },
    });
  }

  /** Runs the session to its end; never rejects: a VM's misbehaviour ends its own channel alone. */
  async run(): Promise<void> {
    const { silenceMs = 5_000 } = this.#options;
    const stopHeartbeat = this.#host.world.every(silenceMs / 5, () => this.#tick());
    try {
      for await (const frame of this.#channel) {
        if (this.#isOver) break;
        const nowMs = this.#host.world.monotonicMs();
        this.session.receive(frame, nowMs);
        this.#contact.heard(nowMs);
        await this.#keepPace();
      }
      this.dismiss('goodbye');
    } catch (cause) {
      this.end(asVirmoError(cause, 'internal'));
    } finally {
      stopHeartbeat();
      this.#contact.end();
      await this.#channel.close();
    }
  }

  /** Tells the VM what is wrong, and ends its channel. */
  end(error: VirmoError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.session.end(error.code, error.message);
    const { vm } = this.session;
    this.#host.tell({ type: this.isAdmitted ? 'left' : 'turned-away', vm, error });
  }

  /** Ends the channel regularly. */
  dismiss(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.session.end('normal', reason);
    if (this.isAdmitted) this.#host.tell({ type: 'left', vm: this.session.vm, error: undefined });
  }

  /** Nothing is read of a VM that does not read what it is told: what it asks for would pile up (rule Y6). A VM always reads, so the two do not wait for each other. */
  async #keepPace(): Promise<void> {
    while (!this.#isOver && !this.#port.isReady) {
      await this.#port.whenTaken();
      this.session.heard(this.#host.world.monotonicMs());
    }
  }

  #tick(): void {
    try {
      this.session.tick(this.#host.world.monotonicMs());
    } catch (cause) {
      this.end(asVirmoError(cause, 'internal'));
    }
  }

  async #judge(vm: string, credentials: string): Promise<void> {
    let isAdmitted = false;
    try {
      isAdmitted = await this.#options.admit({ vm, credentials, peer: this.#channel.peer });
    } catch (cause) {
      this.end(new VirmoError('not-admitted', `the VM ${vm} could not be judged`, { cause }));
      return;
    }
    if (this.#isOver) return;
    if (!isAdmitted) {
      this.end(new VirmoError('not-admitted', `the VM ${vm} is unknown here, or its credentials are wrong`));
      return;
    }
    if (!this.#server.displace(this)) {
      this.end(new VirmoError('channel-closed', `${vm} has dialled again since`));
      return;
    }
    this.#contact.begin(vm, this.session, this.#port, this.#host.world.monotonicMs());
    this.isAdmitted = true;
    this.session.admitted();
    this.#host.tell({ type: 'joined', vm });
  }
}
