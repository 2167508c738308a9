import { nanosecondsSince } from '../clock.ts';
import { type Figure, single } from '../figure.ts';
import type { Company, ReplicaSystem } from './system.ts';
import { type BenchLeaf, type BenchTree, treeOfLeaves } from './tree.ts';
import type { ReplicaWork } from './work.ts';

type ChurnWork = Extract<ReplicaWork, { type: 'churn' }>;

/** Measures what months of leaves that come and go leave behind. */
export function measureChurn(system: ReplicaSystem, work: ChurnWork): readonly Figure[] {
  const tree = treeOfLeaves(work.leaves);
  const company = system.company(tree, work.members);
  const writes = 2 * work.days * work.leavesPerDay;
  const start = process.hrtime.bigint();
  const { largest, left } = churn(company, work);
  const us = nanosecondsSince(start) / 1000;
  const document = company.document().length;
  const fresh = system.company(withLeaves(tree, left), 0).document().length;
  return [
    single('document', 'bytes', document, writes),
    single('growth', 'ratio', document / fresh, writes),
    single('largest', 'ratio', largest / fresh, work.days),
    single('write', 'us', us / writes, writes),
  ];
}

/** Gives the size of the document on the evening when it was largest, and the leaves that are left of the last day. */
function churn(company: Company, work: ChurnWork): { readonly largest: number; readonly left: BenchLeaf[] } {
  let largest = 0;
  let yesterday: BenchLeaf[] = [];
  for (let day = 0; day < work.days; day++) {
    if (day === work.awayFrom) company.leave(0);
    if (day === work.awayUntil) company.join(0);
    const isAway = day >= work.awayFrom && day < work.awayUntil;
    const present = Array.from({ length: work.members }, (_, member) => member).slice(isAway ? 1 : 0);
    const today = leavesOf(day, work.leavesPerDay);
    for (const [i, { uri, value }] of today.entries()) {
      company.add(present[i % present.length] ?? 0, uri, value);
      const old = yesterday[i];
      if (old !== undefined) company.delete(present[(i + 1) % present.length] ?? 0, old.uri);
    }
    yesterday = today;
    company.endDay();
    largest = Math.max(largest, company.document().length);
  }
  return { largest, left: yesterday };
}

function leavesOf(day: number, count: number): BenchLeaf[] {
  return Array.from({ length: count }, (_, i) => ({ uri: `./Day${day}-${i}`, value: `value-${i}` }));
}

function withLeaves(tree: BenchTree, leaves: readonly BenchLeaf[]): BenchTree {
  return { ...tree, leaves: [...tree.leaves, ...leaves] };
}
