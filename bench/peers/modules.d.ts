/** What the benchmark uses of the peers' packages, so that types are checked where they are not installed. */
declare module 'y-websocket' {
  import type { WebSocket } from 'ws';
  import type { Doc } from 'yjs';

  export class WebsocketProvider {
    constructor(
      url: string,
      room: string,
      doc: Doc,
      options?: { readonly WebSocketPolyfill?: typeof WebSocket; readonly disableBc?: boolean },
    );
    readonly synced: boolean;
    readonly ws: WebSocket | null;
    on(event: 'sync', listener: (synced: boolean) => void): void;
    destroy(): void;
  }
}

declare module '@y/websocket-server/utils' {
  import type { IncomingMessage } from 'node:http';
  import type { WebSocket } from 'ws';

  export function setupWSConnection(socket: WebSocket, request: IncomingMessage): void;
}
