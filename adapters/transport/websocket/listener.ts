import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer, type ServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { type Channel, type Listener, VirmoError } from 'virmo-sync';
import { WebSocketServer } from 'ws';
import { Queue } from '../queue.ts';
import { WebSocketChannel } from './channel.ts';
import { agreeOnLimit, LIMIT_HEADER } from './limit-header.ts';
import { type Settings, type SharedOptions, settingsFrom } from './options.ts';

/** Channels that wait to be accepted; a dial beyond that gets 503. */
const BACKLOG = 128;
/** For how long a connection may take to ask for a WebSocket, in milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The upgrade handlers of all listeners, each with what it serves: several may share one server. */
const PATH_TESTS = new WeakMap<object, (request: IncomingMessage) => boolean>();

/** How WebSockets are accepted. */
export interface WebSocketListenerOptions extends SharedOptions {
  /** The port to listen on; 0 takes a free one. Either this or `server`. */
  readonly port?: number;
  /** The address to bind; 127.0.0.1 unless given, so that nothing is reachable from outside unasked. */
  readonly host?: string;
  /** With `port`: serve `wss:`, as Node's `https.createServer` takes it: `key`, `cert`, `ca`, `requestCert` ... */
  readonly tls?: ServerOptions;
  /** A server of yours to share, which stays yours: it is neither started nor closed here. */
  readonly server?: HttpServer | HttpsServer;
  /** The only path that is served, such as `/sync`; every path unless given. */
  readonly path?: string;
}

/**
 * Listens for WebSockets; resolves when the port is bound. Rejects with `channel-failed` when that fails, with TypeError when
 * the options contradict each other, with RangeError for a limit or a time that is none. On a `server` of yours a request for another path is left to its other upgrade
 * handlers; where there is none, it gets 404, as on a port of our own.
 */
export async function webSocketListener(options: WebSocketListenerOptions): Promise<Listener> {
  const { port, server, tls, path } = options;
  if ((port === undefined) === (server === undefined)) throw new TypeError('give either a port or a server');
  if (server !== undefined && tls !== undefined)
    throw new TypeError('a given server has its own TLS options');
  if (path !== undefined && !path.startsWith('/')) throw new TypeError(`a path begins with "/": ${path}`);
  const settings = settingsFrom(options);
  const http = server ?? ownServer(tls);
  if (port !== undefined) http.listen(port, options.host ?? '127.0.0.1');
  if (!http.listening) await listening(http);
  return new WebSocketListener(http, port !== undefined, path, settings);
}

class WebSocketListener implements Listener {
  readonly address: string;
  readonly #http: HttpServer | HttpsServer;
  readonly #isOwn: boolean;
  readonly #path: string | undefined;
  readonly #limit: number;
  readonly #upgrader: WebSocketServer;
  readonly #accepted = new Queue<Channel>(() => 1);
  #closing: Promise<void> | undefined;

  constructor(http: HttpServer | HttpsServer, isOwn: boolean, path: string | undefined, settings: Settings) {
    this.#http = http;
    this.#isOwn = isOwn;
    this.#path = path;
    this.#limit = settings.maxMessageBytes;
    this.address = addressOf(http, path);
    this.#upgrader = new WebSocketServer({ ...settings.socket, noServer: true, clientTracking: false });
    this.#upgrader.on('headers', (headers) => headers.push(`${LIMIT_HEADER}: ${this.#limit}`));
    http.on('upgrade', this.#upgrade);
    PATH_TESTS.set(this.#upgrade, this.#serves);
  }

  [Symbol.asyncIterator](): AsyncIterator<Channel> {
    return this.#accepted;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!this.#serves(request)) {
      if (isNobodys(request, this.#http)) refuse(socket, '404 Not Found');
      return;
    }
    if (this.#accepted.size >= BACKLOG) {
      refuse(socket, '503 Service Unavailable');
      return;
    }
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      const limit = agreeOnLimit(this.#limit, request.headers[LIMIT_HEADER]);
      this.#accepted.push(new WebSocketChannel(webSocket, socket, limit));
    });
  };

  readonly #serves = (request: IncomingMessage): boolean =>
    this.#path === undefined || request.url?.split('?', 1)[0] === this.#path;

  /** An own server's socket stops listening at once; its `close` event would wait for the accepted channels. */
  async #close(): Promise<void> {
    this.#http.off('upgrade', this.#upgrade);
    this.#upgrader.close();
    this.#accepted.end();
    if (this.#isOwn) {
      this.#http.close();
      this.#http.closeAllConnections();
    }
    const refused = { code: 'closed', reason: 'the listener was closed' } as const;
    await Promise.all(this.#accepted.drain().map((channel) => channel.close(refused)));
  }
}

/** True when all upgrade handlers of the server are ours and none serves the request. */
function isNobodys(request: IncomingMessage, server: HttpServer | HttpsServer): boolean {
  return server.listeners('upgrade').every((handler) => PATH_TESTS.get(handler)?.(request) === false);
}

function ownServer(tls: ServerOptions | undefined): HttpServer | HttpsServer {
  const limits = { headersTimeout: HANDSHAKE_TIMEOUT_MS, requestTimeout: HANDSHAKE_TIMEOUT_MS };
  const server =
    tls === undefined
      ? createServer(limits)
      : createTlsServer({ handshakeTimeout: HANDSHAKE_TIMEOUT_MS, ...limits, ...tls });
  server.on('request', (_request, response) => {
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end();
  });
  // A connection that cannot be accepted, for want of file descriptors say, costs only itself.
  server.on('error', () => undefined);
  return server;
}

function listening(server: HttpServer | HttpsServer): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      server.off('listening', succeed);
      reject(new VirmoError('channel-failed', `cannot listen: ${cause.message}`, { cause }));
    };
    const succeed = (): void => {
      server.off('error', fail);
      resolve();
    };
    server.once('error', fail).once('listening', succeed);
  });
}

/** As a dialer on the same machine needs it: where every address is bound, the loopback one. */
function addressOf(server: HttpServer | HttpsServer, path = ''): string {
  const bound = server.address();
  if (typeof bound === 'string') return `ws+unix:${bound}:${path || '/'}`;
  if (bound === null) throw new VirmoError('channel-failed', 'the server was closed');
  const scheme = server instanceof TlsServer ? 'wss' : 'ws';
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[bound.address] ?? bound.address;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${bound.port}${path}`;
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
