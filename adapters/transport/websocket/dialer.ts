import type { ConnectionOptions } from 'node:tls';
import { type Channel, type Dialer, VirmoError } from 'virmo-sync';
import { WebSocket } from 'ws';
import { WebSocketChannel } from './channel.ts';
import { agreeOnLimit, LIMIT_HEADER } from './limit-header.ts';
import { checkTimeout, type SharedOptions, settingsFrom } from './options.ts';

/** How a WebSocket is dialled. */
export interface WebSocketOptions extends SharedOptions {
  /** For `wss:`, as Node's `tls.connect` takes them: `ca`, `cert`, `key`, `servername`, `rejectUnauthorized` ... */
  readonly tls?: ConnectionOptions;
  /** Sent with the opening request, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a dial may take, connecting and TLS included, in milliseconds; 10,000 unless given. */
  readonly dialTimeoutMs?: number;
}

/**
 * Dials the URL (`ws:`, `wss:`, or `ws+unix:SOCKET:PATH`) anew with each call. Redirects are not followed.
 * Throws TypeError for what is no such URL, RangeError for a limit or a time that is none.
 */
export function webSocket(url: string | URL, options: WebSocketOptions = {}): Dialer {
  const target = new URL(url);
  if (!['ws:', 'wss:', 'ws+unix:'].includes(target.protocol) || target.hash !== '') {
    throw new TypeError(`not a WebSocket URL: ${target.href}`);
  }
  const { maxMessageBytes, socket: socketOptions } = settingsFrom(options);
  const { dialTimeoutMs = 10_000 } = options;
  checkTimeout('dialTimeoutMs', dialTimeoutMs);
  return {
    dial: async ({ signal } = {}) => {
      signal?.throwIfAborted();
      const headers = { ...options.headers, [LIMIT_HEADER]: String(maxMessageBytes) };
      const socket = new WebSocket(target, { ...options.tls, ...socketOptions, headers });
      return opened(socket, maxMessageBytes, dialTimeoutMs, signal);
    },
  };
}

function opened(
  socket: WebSocket,
  ourLimit: number,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => giveUp(failed(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const abort = (): void => giveUp(signal?.reason);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const giveUp = (reason: unknown): void => {
      settle();
      reject(reason);
      socket.terminate();
    };
    const failed = (why: string, cause?: Error): VirmoError =>
      new VirmoError('channel-failed', `cannot reach ${socket.url}: ${why}`, { cause });

    signal?.addEventListener('abort', abort, { once: true });
    // Stays: a terminated socket reports its end here too.
    socket.on('error', (error) => {
      settle();
      reject(failed(error.message, error));
    });
    socket.once('upgrade', (response) => {
      const limit = agreeOnLimit(ourLimit, response.headers[LIMIT_HEADER]);
      socket.once('open', () => {
        settle();
        resolve(new WebSocketChannel(socket, response.socket, limit));
      });
    });
  });
}
