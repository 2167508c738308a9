/** The floor: a hub that hands each frame of 100 bytes to everybody else, and nothing besides. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import type { Hub, Member, SyncSystem } from '../sync/system.ts';

const frameBytes = 100;
const valueBytes = 60;
/** A writer waits while so many bytes are still to be sent. */
const highWaterBytes = 512 * 1024;

/** A relay that looks at nothing. */
export const wsRelay: SyncSystem = {
  async serve(): Promise<Hub> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.on('message', (frame) => {
        for (const other of server.clients) if (other !== socket) other.send(frame, { binary: true });
      });
    });
    const { port } = server.address() as AddressInfo;
    return { address: `ws://127.0.0.1:${port}`, close: () => closeServer(server) };
  },

  async join(address: string): Promise<Member> {
    const socket = new WebSocket(address, { perMessageDeflate: false });
    await once(socket, 'open');
    return new RelayMember(socket);
  },
};

class RelayMember implements Member {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** A relay holds nothing. */
  async prepare(): Promise<void> {
    await this.ready();
  }

  write(_leaf: number, value: string): void {
    const frame = Buffer.alloc(frameBytes, ' ');
    frame.write(value, 'latin1');
    this.#socket.send(frame);
  }

  async ready(): Promise<void> {
    do await nextTurn();
    while (this.#socket.bufferedAmount > highWaterBytes);
  }

  observe(listener: (value: string) => void): void {
    this.#socket.on('message', (frame: Buffer) => listener(frame.toString('latin1', 0, valueBytes)));
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

async function closeServer(server: WebSocketServer): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}
