import { type CloseReason, isErrorCode } from 'virmo-sync';

/** RFC 6455, 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const PROTOCOL_ERROR = 1002;
/** RFC 6455, 7.4.1: of a text message. */
export const UNSUPPORTED_DATA = 1003;
const NO_STATUS = 1005;
/** Never on the wire: the connection ended without a close frame. */
export const ABNORMAL = 1006;
const INVALID_DATA = 1007;
/** RFC 6455, 7.4.1: of a message that is too large. */
export const TOO_LARGE = 1009;
/** RFC 6455, 7.4.2, private use: our code stands in the text, as "code: reason". */
const OURS = 4000;

/** A reason as a close frame carries it. With the longest of our codes and 100 bytes of reason it stays below the 123 bytes a frame holds. */
export function toCloseFrame({ code, reason }: CloseReason): {
  readonly code: number;
  readonly text: string;
} {
  return code === 'normal' ? { code: NORMAL, text: reason } : { code: OURS, text: `${code}: ${reason}` };
}

/** What a close frame says. A code that is neither ours nor the protocol's own (a proxy's, say) is `channel-closed` with its number. */
export function fromCloseFrame(code: number, text: string): CloseReason {
  switch (code) {
    case NORMAL:
    case GOING_AWAY:
    case NO_STATUS:
      return { code: 'normal', reason: text };
    case TOO_LARGE:
      return { code: 'message-too-large', reason: text };
    case PROTOCOL_ERROR:
    case UNSUPPORTED_DATA:
    case INVALID_DATA:
      return { code: 'message-malformed', reason: text };
    case OURS:
      return parseOurs(text) ?? { code: 'channel-closed', reason: text };
    default:
      return { code: 'channel-closed', reason: `close code ${code} ${text}`.trimEnd() };
  }
}

function parseOurs(text: string): CloseReason | undefined {
  const colon = text.indexOf(': ');
  const code = text.slice(0, colon);
  return isErrorCode(code) ? { code, reason: text.slice(colon + 2) } : undefined;
}
