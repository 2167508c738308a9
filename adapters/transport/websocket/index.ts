export { type WebSocketOptions, webSocket } from './dialer.ts';
export { type WebSocketListenerOptions, webSocketListener } from './listener.ts';
