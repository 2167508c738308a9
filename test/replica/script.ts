/** Random scripts: everything that can happen to a group, in any order. */
import fc from 'fast-check';
import { checkSite } from './check.ts';
import { crowdingEdits, type Edit, edits, resolutions } from './edits.ts';
import { type FollowerSite, type Group, HubSite, type Site } from './group.ts';
import { lookAfter } from './look-after.ts';

/** One thing that happens; `site` 0 is the hub where a hub can do it. */
export type Step =
  | {
      readonly type: 'edit';
      readonly site: number;
      readonly edits: readonly Edit[];
      readonly commit: boolean;
    }
  | { readonly type: 'send'; readonly site: number; readonly maxRecords: number }
  | { readonly type: 'up' | 'down' | 'cut' | 'connect' | 'backup' | 'rewind'; readonly site: number }
  | { readonly type: 'exchange'; readonly site: number }
  | { readonly type: 'restart'; readonly site: number; readonly compact: boolean }
  | { readonly type: 'skew'; readonly site: number; readonly ms: number }
  /** These followers, as bits, come into step, all who are connected tell how far they have seen, the others may be expelled, and an hour passes. */
  | { readonly type: 'forget'; readonly present: number; readonly expels: boolean }
  | { readonly type: 'disk' }
  | { readonly type: 'tick'; readonly ms: number };

const site = fc.nat(3);

function weighted(weight: number, arbitrary: fc.Arbitrary<Step>): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary };
}

function editStep(edit: fc.Arbitrary<Edit>, maxLength: number): fc.Arbitrary<Step> {
  return fc.record({
    type: fc.constant('edit'),
    site,
    edits: fc.array(edit, { minLength: 1, maxLength }),
    commit: fc.nat(9).map((chance) => chance > 0),
  });
}

const usualSteps: fc.WeightedArbitrary<Step>[] = [
  weighted(12, editStep(edits, 4)),
  weighted(8, fc.record({ type: fc.constant('send'), site, maxRecords: fc.constantFrom(1, 1, 5) })),
  weighted(8, fc.record({ type: fc.constant('up'), site })),
  weighted(8, fc.record({ type: fc.constant('down'), site })),
  weighted(4, fc.record({ type: fc.constant('exchange'), site })),
  weighted(3, fc.record({ type: fc.constant('connect'), site })),
  weighted(2, fc.record({ type: fc.constant('cut'), site })),
  weighted(2, fc.record({ type: fc.constant('restart'), site, compact: fc.boolean() })),
  weighted(1, fc.record({ type: fc.constant('disk') })),
  weighted(2, fc.record({ type: fc.constant('tick'), ms: fc.constantFrom(1, 1_000, 10_000) })),
];

const rewindSteps: fc.WeightedArbitrary<Step>[] = [
  weighted(1, fc.record({ type: fc.constant('backup'), site })),
  weighted(1, fc.record({ type: fc.constant('rewind'), site })),
];

const hour = 3_600_000;

const clockSteps: fc.WeightedArbitrary<Step>[] = [
  weighted(
    3,
    fc.record({ type: fc.constant('skew'), site, ms: fc.constantFrom(0, -hour, hour, 20_000, -70_000) }),
  ),
];

/** Names clash, lists get full, and somebody resolves that. */
const crowdingSteps: fc.WeightedArbitrary<Step>[] = [
  weighted(16, editStep(crowdingEdits, 4)),
  weighted(8, editStep(resolutions, 1)),
  weighted(4, fc.record({ type: fc.constant('exchange'), site })),
];

export interface ScriptOptions {
  readonly crowds?: boolean;
  readonly rewinds?: boolean;
  readonly clocks?: boolean;
  readonly maxLength?: number;
}

export function scripts({
  crowds,
  rewinds,
  clocks,
  maxLength = 60,
}: ScriptOptions = {}): fc.Arbitrary<Step[]> {
  const steps = [
    ...usualSteps,
    ...(crowds ? crowdingSteps : []),
    ...(rewinds ? rewindSteps : []),
    ...(clocks ? clockSteps : []),
  ];
  return fc.array(fc.oneof(...steps), { minLength: 1, maxLength, size: 'max' });
}

/** Short scripts, after each of which something may be forgotten. */
export function days(options: Omit<ScriptOptions, 'maxLength'> = {}): fc.Arbitrary<Step[]> {
  const evening = fc.record({ type: fc.constant('forget'), present: fc.nat(7), expels: fc.boolean() });
  const day = fc.tuple(scripts({ ...options, maxLength: 20 }), evening);
  return fc
    .array(day, { minLength: 3, maxLength: 6, size: 'max' })
    .map((all) => all.flatMap(([steps, last]) => [...steps, last]));
}

/** Plays the script; after every step every VM that it touched is checked. */
export function play(group: Group, script: readonly Step[], check: (site: Site) => void = checkSite): void {
  for (const step of script) {
    const touched = playStep(group, step);
    if (touched === undefined) continue;
    check(touched);
    if (!(touched instanceof HubSite) && (step.type === 'up' || step.type === 'exchange')) check(group.hub);
  }
}

function playStep(group: Group, step: Step): Site | undefined {
  switch (step.type) {
    case 'disk':
      group.hub.finishDisk();
      return undefined;
    case 'tick':
      group.nowMs += step.ms;
      return undefined;
    case 'forget':
      forget(group, step);
      return group.hub;
    case 'edit': {
      const writer = group.sites[step.site % group.sites.length];
      writer?.edit(step.edits, step.commit);
      return writer;
    }
    case 'restart': {
      const restarted = group.sites[step.site % group.sites.length];
      restarted?.restart(step.compact);
      return restarted;
    }
    default: {
      const follower = group.follower(step.site % group.followers.length);
      playFollowerStep(follower, step);
      return follower;
    }
  }
}

function forget(group: Group, { present, expels }: Extract<Step, { type: 'forget' }>): void {
  const { hub, followers } = group;
  for (const [bit, follower] of followers.entries()) if ((present >> bit) & 1) follower.exchange();
  hub.finishDisk();
  const there = followers.filter(({ link }) => link?.isWelcomed);
  for (const { vm, replica } of there) hub.hub.seen(vm, replica.seenPlace(replica.place));
  const away = hub.replica.members.filter((vm) => vm !== hub.vm && there.every((other) => other.vm !== vm));
  if (expels) for (const vm of away) hub.hub.expel(vm, 'operator');
  group.nowMs += hour;
  lookAfter(hub.hub, hub.durablePlace);
  hub.flush();
}

function playFollowerStep(
  follower: FollowerSite,
  step: Exclude<Step, { type: 'disk' | 'tick' | 'forget' | 'edit' | 'restart' }>,
): void {
  switch (step.type) {
    case 'send':
      follower.send(step.maxRecords);
      return;
    case 'up':
      follower.deliverUp();
      return;
    case 'down':
      follower.deliverDown();
      return;
    case 'exchange':
      follower.exchange();
      return;
    case 'connect':
      follower.connect();
      return;
    case 'cut':
      follower.cut();
      return;
    case 'backup':
      follower.backup();
      return;
    case 'rewind':
      // What a VM forgets its clone may still know: the ledger could not tell.
      if (follower.group.followers.some((other) => other !== follower && other.vm === follower.vm)) return;
      // A moment later, or it might make the stamps anew that it was made to forget (rule T1).
      follower.group.nowMs++;
      follower.rewind();
      return;
    case 'skew':
      follower.skewMs = step.ms;
      return;
  }
}
