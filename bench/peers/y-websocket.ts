/**
 * y-websocket with its own server, as its README sets them up: one Y.Map, a key per leaf. Nothing is stored on disk (the server's
 * default). Lives among the peers, so that provider and document come from one copy of yjs.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setupWSConnection } from '@y/websocket-server/utils';
import { WebSocket, WebSocketServer } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import type { Hub, Member, SyncSystem } from '../sync/system.ts';

/** A writer waits while so many bytes are still to be sent. */
const highWaterBytes = 512 * 1024;

/** One Y.Map over y-websocket, with its own server. */
export const yWebsocket: SyncSystem = {
  async serve(): Promise<Hub> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', setupWSConnection);
    const { port } = server.address() as AddressInfo;
    return { address: `ws://127.0.0.1:${port}`, close: () => closeServer(server) };
  },

  async join(address: string): Promise<Member> {
    const doc = new Y.Doc();
    const provider = new WebsocketProvider(address, 'bench', doc, {
      WebSocketPolyfill: WebSocket,
      disableBc: true,
    });
    await new Promise<void>((resolve) => {
      provider.on('sync', (synced) => {
        if (synced) resolve();
      });
    });
    return new YWebsocketMember(doc, provider);
  },
};

class YWebsocketMember implements Member {
  readonly #doc: Y.Doc;
  readonly #leaves: Y.Map<string>;
  readonly #provider: WebsocketProvider;

  constructor(doc: Y.Doc, provider: WebsocketProvider) {
    this.#doc = doc;
    this.#leaves = doc.getMap('leaves');
    this.#provider = provider;
  }

  async prepare(leaves: number): Promise<void> {
    this.#doc.transact(() => {
      for (let leaf = 0; leaf < leaves; leaf++) this.#leaves.set(keyOf(leaf), '');
    });
    await this.ready();
  }

  write(leaf: number, value: string): void {
    this.#leaves.set(keyOf(leaf), value);
  }

  async ready(): Promise<void> {
    do await nextTurn();
    while ((this.#provider.ws?.bufferedAmount ?? 0) > highWaterBytes);
  }

  observe(listener: (value: string) => void): void {
    this.#leaves.observe((event, transaction) => {
      if (transaction.local) return;
      for (const key of event.keysChanged) {
        const value = this.#leaves.get(key);
        if (value) listener(value);
      }
    });
  }

  async close(): Promise<void> {
    this.#provider.destroy();
    this.#doc.destroy();
  }
}

function keyOf(leaf: number): string {
  return `leaf-${leaf}`;
}

async function closeServer(server: WebSocketServer): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}
