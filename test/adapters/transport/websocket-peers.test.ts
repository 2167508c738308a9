import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel, Listener } from 'virmo-sync';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { clientTls, serverTls } from './tls.ts';

async function accept(listener: Listener): Promise<Channel> {
  const { value } = await listener[Symbol.asyncIterator]().next();
  if (value === undefined) throw new Error('the listener ended');
  return value;
}

/** A WebSocket of the package ws, as some other program would use it. */
async function foreign(listener: Listener): Promise<WebSocket> {
  const socket = new WebSocket(listener.address);
  await once(socket, 'open');
  return socket;
}

async function next(channel: Channel): Promise<IteratorResult<Uint8Array>> {
  return channel[Symbol.asyncIterator]().next();
}

describe('a WebSocket channel and a peer that misbehaves', () => {
  it('ends when the peer sends more than the limit, and touches no other channel', async () => {
    await using listener = await webSocketListener({ port: 0, maxMessageBytes: 1000 });
    const socket = await foreign(listener);
    const channel = await accept(listener);
    await using other = await webSocket(listener.address).dial();
    await using otherFar = await accept(listener);
    socket.send(new Uint8Array(1001));
    await expect(next(channel)).rejects.toMatchObject({
      code: 'channel-closed',
      cause: { code: 'message-too-large' },
    });
    const [code] = await once(socket, 'close');
    expect(code).toBe(1009);
    await other.send(Uint8Array.of(1));
    expect(await next(otherFar)).toMatchObject({ value: Uint8Array.of(1) });
  });

  it('ends when a compressed message of the peer is too large once it is inflated', async () => {
    await using listener = await webSocketListener({
      port: 0,
      maxMessageBytes: 100_000,
      perMessageDeflate: true,
    });
    for (const size of [100_001, 10_000_000]) {
      const socket = await foreign(listener);
      const channel = await accept(listener);
      socket.send(new Uint8Array(size));
      await expect(next(channel)).rejects.toMatchObject({ cause: { code: 'message-too-large' } });
      expect((await once(socket, 'close'))[0]).toBe(1009);
    }
  });

  it('refuses a text message', async () => {
    await using listener = await webSocketListener({ port: 0 });
    const socket = await foreign(listener);
    const channel = await accept(listener);
    socket.send('hello');
    await expect(next(channel)).rejects.toMatchObject({
      code: 'channel-closed',
      cause: { code: 'message-malformed' },
    });
    const [code] = await once(socket, 'close');
    expect(code).toBe(1003);
  });

  it('refuses bytes that are no WebSocket frame', async () => {
    await using listener = await webSocketListener({ port: 0 });
    const { hostname, port } = new URL(listener.address);
    const tcp = connect(Number(port), hostname);
    tcp.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
    tcp.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    await once(tcp, 'data');
    const channel = await accept(listener);
    tcp.write(Buffer.alloc(64, 0xff));
    await expect(next(channel)).rejects.toMatchObject({ cause: { code: 'message-malformed' } });
    tcp.destroy();
    await channel.close();
  });

  it('says how it broke when the peer goes without a closing handshake', async () => {
    await using listener = await webSocketListener({ port: 0 });
    const socket = await foreign(listener);
    const channel = await accept(listener);
    socket.terminate();
    const broken = { code: 'channel-closed', message: /without a closing handshake/ };
    await expect(next(channel)).rejects.toMatchObject({ code: broken.code });
    await expect(channel.send(Uint8Array.of(1))).rejects.toThrow(broken.message);
  });

  it('gives up on a peer that does not answer a close', async () => {
    await using listener = await webSocketListener({ port: 0, closeTimeoutMs: 20 });
    const socket = await foreign(listener);
    socket.pause();
    const channel = await accept(listener);
    await channel.close();
    socket.terminate();
  });

  it('delivers plain arrays, whose slice copies', async () => {
    await using listener = await webSocketListener({ port: 0 });
    const socket = await foreign(listener);
    const channel = await accept(listener);
    socket.send(Uint8Array.of(1, 2));
    const { value } = await next(channel);
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
    socket.close();
  });
});

describe('a WebSocket channel’s close codes', () => {
  it('reach a foreign peer: 1000, or 4000 with our code in the text', async () => {
    await using listener = await webSocketListener({ port: 0 });
    for (const [reason, code, text] of [
      [undefined, 1000, ''],
      [{ code: 'normal', reason: 'done' }, 1000, 'done'],
      [
        { code: 'version-unsupported', reason: 'ä'.repeat(60) },
        4000,
        `version-unsupported: ${'ä'.repeat(50)}`,
      ],
    ] as const) {
      const socket = await foreign(listener);
      const channel = await accept(listener);
      void channel.close(reason);
      const [gotCode, gotText] = await once(socket, 'close');
      expect([gotCode, String(gotText)]).toEqual([code, text]);
    }
  });

  it('come from a foreign peer as what they mean', async () => {
    await using listener = await webSocketListener({ port: 0 });
    for (const [code, text, meaning] of [
      [1000, 'bye', 'closed'],
      [1001, '', 'closed'],
      [1002, '', 'message-malformed'],
      [1003, '', 'message-malformed'],
      [1007, '', 'message-malformed'],
      [1009, '', 'message-too-large'],
      [1012, 'restart', 'channel-closed'],
      [4000, 'peer-silent: 30 s', 'peer-silent'],
      [4000, 'whatever: this is', 'channel-closed'],
      [4000, '', 'channel-closed'],
      [4999, '', 'channel-closed'],
    ] as const) {
      const socket = await foreign(listener);
      const channel = await accept(listener);
      socket.close(code, text);
      expect(await next(channel)).toMatchObject({ done: true });
      const refusal = await channel.send(Uint8Array.of(1)).catch((error: unknown) => error);
      expect(refusal, `${code} ${text}`).toMatchObject({ code: 'channel-closed', cause: { code: meaning } });
    }
  });
});

describe('two WebSocket ends', () => {
  it('agree on the smaller limit', async () => {
    await using small = await webSocketListener({ port: 0, maxMessageBytes: 1000 });
    await using large = await webSocketListener({ port: 0, maxMessageBytes: 5000 });
    for (const [listener, limit] of [
      [small, 1000],
      [large, 2000],
    ] as const) {
      await using near = await webSocket(listener.address, { maxMessageBytes: 2000 }).dial();
      await using far = await accept(listener);
      expect([near.maxMessageBytes, far.maxMessageBytes]).toEqual([limit, limit]);
    }
  });

  it('do not agree on less than 512 bytes, whatever a peer states', async () => {
    await using listener = await webSocketListener({ port: 0 });
    for (const [stated, limit] of [
      ['3', 512],
      ['0', 512],
      ['600', 600],
      ['-1', 16_777_216],
      ['1e3', 16_777_216],
    ] as const) {
      const socket = new WebSocket(listener.address, { headers: { 'virmo-max-message-bytes': stated } });
      await using channel = await accept(listener);
      expect(channel.maxMessageBytes).toBe(limit);
      await channel.close();
      if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
    }
  });

  it('know each other by certificate with mutual TLS', async () => {
    await using listener = await webSocketListener({ port: 0, tls: serverTls });
    await using near = await webSocket(listener.address, { tls: clientTls }).dial();
    await using far = await accept(listener);
    expect(listener.address).toMatch(/^wss:/);
    expect(near.peer).toMatchObject({ kind: 'certificate', subject: 'CN=hub' });
    expect(far.peer).toMatchObject({ kind: 'certificate', subject: 'O=Test\\, or not, CN=game' });
    expect(far.peer.kind === 'certificate' && far.peer.fingerprint).toMatch(
      /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/,
    );
  });

  it('do not talk when a certificate is missing, or not to be trusted', async () => {
    await using listener = await webSocketListener({ port: 0, tls: serverTls });
    for (const tls of [{ ca: clientTls.ca }, { key: clientTls.key, cert: clientTls.cert }]) {
      const dialling = webSocket(listener.address, { tls }).dial();
      await expect(dialling).rejects.toMatchObject({ code: 'channel-failed' });
    }
  });

  it('know each other by address without TLS', async () => {
    await using listener = await webSocketListener({ port: 0 });
    await using near = await webSocket(listener.address).dial();
    await using far = await accept(listener);
    expect([near.peer, far.peer]).toEqual(Array(2).fill({ kind: 'address', address: '127.0.0.1' }));
  });

  it('meet at a Unix socket, too', async () => {
    const server = createServer().listen(join(tmpdir(), `virmo-${process.pid}.sock`));
    await using listener = await webSocketListener({ server, path: '/sync' });
    await using near = await webSocket(listener.address).dial();
    await using far = await accept(listener);
    await near.send(Uint8Array.of(1));
    expect(await next(far)).toMatchObject({ value: Uint8Array.of(1) });
    expect(far.peer).toEqual({ kind: 'none' });
    server.close();
  });
});

describe('a WebSocket listener', () => {
  it('names a loopback address where it is bound to all', async () => {
    await using four = await webSocketListener({ port: 0, host: '0.0.0.0', path: '/sync' });
    expect(four.address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/sync$/);
    await using near = await webSocket(four.address).dial();
    expect(near.peer.kind).toBe('address');
  });

  it('answers 404 to another path and 426 to a plain request', async () => {
    await using listener = await webSocketListener({ port: 0, path: '/sync' });
    const origin = listener.address.replace(/^ws/, 'http').replace('/sync', '');
    await expect(webSocket(`${origin.replace('http', 'ws')}/other`).dial()).rejects.toThrow('404');
    expect((await fetch(`${origin}/sync`)).status).toBe(426);
    await using near = await webSocket(`${listener.address}?from=here`).dial();
    expect(near.maxMessageBytes).toBeGreaterThan(0);
  });

  it('answers 503 when 128 channels wait to be accepted', async () => {
    await using listener = await webSocketListener({ port: 0 });
    const dialer = webSocket(listener.address);
    await Promise.all(Array.from({ length: 128 }, () => dialer.dial()));
    await expect(dialer.dial()).rejects.toThrow('503');
  });

  it('shares a server with others, each with its path', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await using left = await webSocketListener({ server, path: '/left' });
    await using right = await webSocketListener({ server, path: '/right' });
    await using near = await webSocket(right.address).dial();
    await using far = await accept(right);
    await near.send(Uint8Array.of(1));
    expect(await next(far)).toMatchObject({ value: Uint8Array.of(1) });
    await expect(webSocket(left.address.replace('left', 'none')).dial()).rejects.toThrow('404');
    await Promise.all([near.close(), far.close()]);
    server.close();
  });

  it('leaves other paths of a shared server to their handlers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const theirs = new WebSocketServer({ noServer: true });
    await using ours = await webSocketListener({ server, path: '/sync' });
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/theirs') theirs.handleUpgrade(request, socket, head, (ws) => ws.close(4321));
    });
    const socket = new WebSocket(ours.address.replace('/sync', '/theirs'));
    expect((await once(socket, 'close'))[0]).toBe(4321);
    await ours.close();
    expect(server.listening).toBe(true);
    server.close();
  });

  it('closes the channels that nobody accepted when it is closed, and frees its port', async () => {
    const listener = await webSocketListener({ port: 0 });
    const near = await webSocket(listener.address).dial();
    await listener.close();
    expect(await next(near)).toMatchObject({ done: true });
    await using again = await webSocketListener({ port: Number(new URL(listener.address).port) });
    expect(again.address).toBe(listener.address);
  });

  it('hangs up on connections that never asked for a WebSocket when it is closed', async () => {
    const listener = await webSocketListener({ port: 0 });
    const { hostname, port } = new URL(listener.address);
    const idle = connect(Number(port), hostname);
    await once(idle, 'connect');
    idle.write('GET / HTTP/1.1\r\n');
    await new Promise(setImmediate);
    const hungUp = new Promise((resolve) => idle.resume().on('error', resolve).on('close', resolve));
    await listener.close();
    await hungUp;
  });

  it('rejects with channel-failed where it cannot listen', async () => {
    await using listener = await webSocketListener({ port: 0 });
    const port = Number(new URL(listener.address).port);
    await expect(webSocketListener({ port })).rejects.toMatchObject({ code: 'channel-failed' });
  });

  it('rejects options that contradict each other', async () => {
    const server = createServer();
    await expect(webSocketListener({})).rejects.toThrow(TypeError);
    await expect(webSocketListener({ port: 0, server })).rejects.toThrow(TypeError);
    await expect(webSocketListener({ server, tls: serverTls })).rejects.toThrow(TypeError);
    await expect(webSocketListener({ port: 0, path: 'sync' })).rejects.toThrow(TypeError);
    await expect(webSocketListener({ port: 0, maxMessageBytes: 511 })).rejects.toThrow(RangeError);
    await expect(webSocketListener({ port: 0, closeTimeoutMs: Number.NaN })).rejects.toThrow(RangeError);
  });
});

describe('a WebSocket dialer', () => {
  it('throws for what is no WebSocket URL, no limit, or no time', () => {
    expect(() => webSocket('nowhere')).toThrow(TypeError);
    expect(() => webSocket('ftp://127.0.0.1/')).toThrow(TypeError);
    expect(() => webSocket('ws://127.0.0.1/#here')).toThrow(TypeError);
    expect(() => webSocket('ws://127.0.0.1/', { maxMessageBytes: 1.5 })).toThrow(RangeError);
    for (const ms of [0, Number.NaN, 2 ** 31]) {
      expect(() => webSocket('ws://127.0.0.1/', { dialTimeoutMs: ms })).toThrow(RangeError);
      expect(() => webSocket('ws://127.0.0.1/', { closeTimeoutMs: ms })).toThrow(RangeError);
    }
  });

  it('gives up on a host that takes the connection and says nothing', async () => {
    const silent = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const dialling = webSocket(`ws://127.0.0.1:${port}`, { dialTimeoutMs: 50 }).dial();
    await expect(dialling).rejects.toMatchObject({ code: 'channel-failed', message: /within 50 ms/ });
    await new Promise((resolve) => silent.close(resolve));
  });

  it('names the URL it could not reach, and keeps the cause', async () => {
    const dialling = webSocket('ws://127.0.0.1:1/').dial();
    await expect(dialling).rejects.toMatchObject({
      code: 'channel-failed',
      message: /ws:\/\/127\.0\.0\.1:1\//,
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('sends the headers it is given', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await using listener = await webSocketListener({ server });
    const asked = once(server, 'upgrade');
    const headers = { Authorization: 'Bearer x' };
    await using near = await webSocket(listener.address, { headers }).dial();
    const [request] = await asked;
    expect(request.headers.authorization).toBe('Bearer x');
    await near.close();
    server.close();
  });
});
