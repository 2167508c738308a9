import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { describeTransport } from 'virmo-sync/testing';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { describe, it } from 'vitest';
import { clientTls, serverTls } from './tls.ts';

const sockets = new Set<Socket>();
const server = createServer((_request, response) => response.writeHead(404).end());
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
});

describeTransport({ describe, it }, 'websocket', {
  open: async () => {
    const listener = await webSocketListener({ port: 0 });
    return { listener, dialer: webSocket(listener.address) };
  },
});

describeTransport({ describe, it }, 'websocket on a shared server', {
  open: async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const listener = await webSocketListener({ server, path: '/sync' });
    return { listener, dialer: webSocket(listener.address) };
  },
  sever: () => {
    for (const socket of sockets) socket.resetAndDestroy();
  },
  dispose: async () => {
    await new Promise((resolve) => server.close(resolve));
  },
});

describeTransport({ describe, it }, 'websocket with TLS and compression', {
  open: async () => {
    const shared = { perMessageDeflate: true, maxMessageBytes: 300_000 };
    const listener = await webSocketListener({ port: 0, tls: serverTls, ...shared });
    return { listener, dialer: webSocket(listener.address, { tls: clientTls, ...shared }) };
  },
});
