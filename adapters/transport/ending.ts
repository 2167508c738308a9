import { type CloseReason, VirmoError } from 'virmo-sync';

/** How a channel ended. */
export type Ending =
  | { readonly by: 'us'; readonly reason: CloseReason }
  | { readonly by: 'peer'; readonly reason: CloseReason }
  | { readonly by: 'break'; readonly cause: unknown };

/** The error that a send after the end rejects with, and with which a broken channel's iteration ends; its cause says who or what ended it. */
export function channelClosed(ending: Ending): VirmoError {
  switch (ending.by) {
    case 'us':
      return closedBy('this side', ending.reason);
    case 'peer':
      return closedBy('the peer', ending.reason);
    case 'break':
      return new VirmoError('channel-closed', `the channel broke: ${describe(ending.cause)}`, {
        cause: ending.cause,
      });
  }
}

/** The reason as the peer gets it: at most 100 bytes of UTF-8, cut between two characters. No reason is a normal one. */
export function reasonForPeer({ code, reason }: CloseReason = { code: 'normal', reason: '' }): CloseReason {
  return { code, reason: clip(reason, 100) };
}

function closedBy(who: string, { code, reason }: CloseReason): VirmoError {
  const why = reason === '' ? code : `${code}: ${reason}`;
  const cause = new VirmoError(code === 'normal' ? 'closed' : code, `closed by ${who} (${why})`);
  return new VirmoError('channel-closed', cause.message, { cause });
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function clip(text: string, maxBytes: number): string {
  let bytes = 0;
  let clipped = '';
  for (const character of text) {
    bytes += new TextEncoder().encode(character).byteLength;
    if (bytes > maxBytes) return clipped;
    clipped += character;
  }
  return text;
}
