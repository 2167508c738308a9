/** The table of faults and of what it took to find them, as it stands in docs/simulation.md. */
import { markdownTable } from '../../markdown.ts';
import type { Catch } from './hunt.ts';

const begin = '<!-- faults: begin -->';
const end = '<!-- faults: end -->';
/** More of what a check says is of no use without its seed. */
const longestMessage = 90;

/** The table in Markdown. */
export function faultTable(catches: readonly Catch[]): string {
  const rows = catches.map(({ fault: { name, what, rule }, found }) => {
    const [seed, said] = found === undefined ? ['none', ''] : [String(found.seed), quoted(found.message)];
    return [`\`${name}\``, what, rule, seed, said];
  });
  return markdownTable([
    ['fault', 'what goes wrong', 'rule', 'seeds', 'what the failing check says'],
    ...rows,
  ]);
}

/** The document with this table between its markers. Throws an Error when it has none. */
export function withTable(document: string, table: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no place for the table: ${begin} ${end}`);
  return `${document.slice(0, from)}${begin}\n\n${table}\n${document.slice(to)}`;
}

function quoted(message: string): string {
  const text = message.replaceAll('`', "'").replaceAll('|', '\\|');
  return `\`${text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text}\``;
}
