/** How large a record is, told from its content: for bounds on commands and branch updates (rules M7, Y6). */
import type { LogRecord } from './record.ts';

/** About as many bytes as a record takes in a branch or in main, for texts of mostly ASCII and short VM ids; others take up to three times as much. */
export function roughSize({ server, content }: LogRecord): number {
  const head = 200 + server.length;
  switch (content.kind) {
    case 'add':
      return head + content.name.length;
    case 'value':
      return head + content.value.type.length + content.value.data.length;
    case 'name':
    case 'acl':
    case 'title':
    case 'type':
      return head + content.text.length;
    case 'exec':
      return head + content.data.length + content.correlator.length + content.server.length;
    case 'result':
      return head + content.data.length;
    case 'delete':
    case 'started':
    case 'closed':
    case 'acknowledged':
    case 'conflict':
      return head;
    case 'forget':
      return head + 8 * content.openExecs.length;
  }
}
