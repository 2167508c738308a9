/** What a hub lists as lost (rule Y4), in the words of the kill test. */
import type { LostWrite, Mount } from 'virmo-sync';
import type { Lost } from './messages.ts';
import { type Mark, markIn, type Register } from './registers.ts';

export function lostOf(mounts: readonly Mount[]): Lost {
  return {
    ids: mounts.flatMap((mount) => mount.lostWrites().map(({ id }) => id)),
    values: mounts.flatMap(lostValues),
  };
}

function lostValues(mount: Mount): [Register, Mark][] {
  return mount.lostWrites().flatMap(({ uri, content }): [Register, Mark][] => {
    const mark = markOf(content);
    return mark === undefined ? [] : [[`${mount.mo === 'two' ? 'two' : 'one'} ./${uri.slice(2)}`, mark]];
  });
}

/** The mark of the value that was written, if it was one. */
export function markOf(content: LostWrite['content']): Mark | undefined {
  return content.kind === 'value' ? markIn(content.value.data) : undefined;
}
