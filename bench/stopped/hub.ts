import { admitAnyoneUnauthenticated } from 'virmo-sync';
import { webSocketListener } from 'virmo-sync/websocket';
import type { Held, Part } from './dialogue.ts';
import { digestOf, type Opened, open } from './vm.ts';

/** The hub's process. */
export class StoppedHub {
  readonly address: string;
  readonly #opened: Opened;

  private constructor(opened: Opened, address: string) {
    this.#opened = opened;
    this.address = address;
  }

  /** Resolves when VMs can join. */
  static async serve(part: Part, silenceMs: number | undefined): Promise<StoppedHub> {
    const opened = await open('hub', part);
    const options = silenceMs === undefined ? {} : { silenceMs };
    const { address } = await opened.vm.serve(webSocketListener({ port: 0 }), {
      admit: admitAnyoneUnauthenticated,
      ...options,
    });
    return new StoppedHub(opened, address);
  }

  held(reader: string): Held {
    const { mount } = this.#opened;
    const state = mount.syncState();
    const members = state.role === 'hub' ? state.members : [];
    const member = members.find(({ vm }) => vm === reader);
    const { isConnected = false, isBehind = false } = member ?? {};
    return { digest: digestOf(mount), place: state.place, isConnected, isBehind };
  }

  close(): Promise<void> {
    return this.#opened.vm.close();
  }
}
