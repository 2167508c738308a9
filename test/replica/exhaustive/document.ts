/** docs/conflicts.md: what becomes of each two commands, told from what happened. */
import { markdownTable } from '../../markdown.ts';
import { alphabet } from './alphabet.ts';
import { allPairs, type Ending, isSameEnding, type Meeting, type Pair } from './pairs.ts';
import { told } from './story.ts';

const introduction = `# What becomes of commands that meet

Two VMs, A and B, each execute a command before they hear of the other's: one was offline, or the messages crossed. Both commands succeeded. Here is what
becomes of them, for every two of a small alphabet. The test that plays them all, in every order in which messages can arrive, writes this document
(\`test/replica/exhaustive.test.ts\`); the rules behind it are M1 to M9 of [spec.md](spec.md).

- The outcome is the same on every VM, and the order of arrival does not matter. If it depends on anything, then on the **lower stamp**: on whose command
  was executed first, by the VMs' clocks as the hub has set them (T1, T3).
- What is **lost** is reported: every VM tells its agent of the conflict, once, with both contents, stamps and VMs (M8).
- A node that is **parked** is not in the tree, and kept whole with all below it. \`conflicts()\` lists it. It comes back by itself when the name or the
  place is free, and can be renamed, kept or deleted before (M4, M5).

Everybody begins with this tree. It may hold whatever one likes, but two nodes at most below \`./List\`:

\`\`\`text
.
├── Box          interior node
│   └── x        leaf, "on"
├── List         interior node
│   └── one      leaf, "on"
└── n            leaf, "on"
\`\`\`
`;

const marks: Readonly<Record<Meeting, string>> = { apart: '·', together: '+', parked: 'P', lost: '!' };

const legend = `\`${marks.lost}\` something is lost, \`${marks.parked}\` a node is parked, \`${marks.together}\` both are about one thing and both stand, \`${marks.apart}\` they have nothing to do with each other. All but
the last are told below. An ACL, a Title, the text \`off\` and the name \`z\` are told only where they fare otherwise than a value and the name \`y\`; and where
both VMs do the same, only with A's stamp as the lower one.
`;

interface Section {
  readonly title: string;
  readonly text: string;
  has(pair: Pair): boolean;
}

/** The first that has a pair tells of it. The document has them in the reverse order. */
const sections: readonly Section[] = [
  {
    title: 'Lists with an upper bound',
    text: 'VMs that add at the same time cannot count each other. Together they may exceed the bound; then the nodes that were made first stay.',
    has: ({ one, other }) => one.sort === 'list' && other.sort === 'list',
  },
  {
    title: 'Deleting',
    text: 'A Delete ends the node with everything below it, and what others write there meanwhile, whoever was first. Only an Add that is later than the Delete stands; what it makes begins empty.',
    has: ({ one, other }) => one.sort === 'delete' || other.sort === 'delete',
  },
  {
    title: 'Adding',
    text: 'Two Adds of one name and kind make one node. Of two nodes that claim one name, the one that claimed it first has it.',
    has: ({ one, other, meeting }) => meeting === 'parked' || (one.sort === 'add' && other.sort === 'add'),
  },
  {
    title: 'Renaming',
    text: 'A name is a property like others: what is written to the node meanwhile, or below it, is there under the new name.',
    has: ({ one, other }) => one.sort === 'rename' || other.sort === 'rename',
  },
  {
    title: 'Writing',
    text: 'Each property of each node is decided for itself, also those that one Atomic wrote: the later write stays. Two writes of the same content are no conflict.',
    has: () => true,
  },
];

/** The text of the document. */
export function conflictsDocument(): string {
  const pairs = allPairs();
  const news = withoutRepetitions(pairs.filter(({ meeting }) => meeting !== 'apart'));
  const chapters = sections.map((section) => {
    const own = news.filter((pair) => sections.find((each) => each.has(pair)) === section);
    return `## ${section.title}\n\n${section.text}\n\n${tableOf(own)}`;
  });
  return [introduction, overview(pairs), ...chapters.reverse()].join('\n');
}

function overview(pairs: readonly Pair[]): string {
  const rows = alphabet.map((other, row) => {
    const cells = alphabet.slice(0, row + 1).map((one) => {
      const pair = pairs.find((each) => each.one === one && each.other === other);
      return pair === undefined ? '' : marks[pair.meeting];
    });
    return [String(row + 1), other.says('A'), ...cells, ...alphabet.slice(row + 1).map(() => '')];
  });
  const head = ['', 'command', ...alphabet.map((_, at) => String(at + 1))];
  return `## At a glance\n\n${legend}\n${table(head, rows)}`;
}

/** A pair with a variation of another command is left out where it repeats, but for the words, what is told of the other. */
function withoutRepetitions(pairs: readonly Pair[]): Pair[] {
  const known = new Set<string>();
  return pairs.filter((pair) => {
    const text = plain(pair.one.says('A') + pair.other.says('B') + rowsOf(pair).join());
    const isNew = !known.has(text);
    known.add(text);
    return isNew;
  });
}

function plain(text: string): string {
  return text
    .replaceAll(/\b(ACL|Title)\b/g, 'value')
    .replaceAll('sets `./Box/x` to `off`', 'replaces the value of `./Box/x`')
    .replaceAll(/the value `off`|[AB]'s value/g, 'a value')
    .replaceAll('z`', 'y`');
}

function tableOf(pairs: readonly Pair[]): string {
  const rows = pairs.flatMap((pair) => {
    const [first = [], ...others] = rowsOf(pair);
    return [[pair.one.says('A'), pair.other.says('B'), ...first], ...others.map((row) => ['', '', ...row])];
  });
  return table(['A', 'B', 'lower stamp', 'the tree afterwards', 'reported'], rows);
}

function rowsOf({ one, other, aFirst, bFirst }: Pair): string[][] {
  const row = (stamp: string, { facts, reports }: Ending) => [
    stamp,
    told(facts),
    reports.join('; ') || 'nothing',
  ];
  if (isSameEnding(aFirst, bFirst)) return [row('either', aFirst)];
  return one === other ? [row("A's", aFirst)] : [row("A's", aFirst), row("B's", bFirst)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable([head, ...rows]);
}
