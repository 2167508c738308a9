/** How every two commands of the alphabet end when two VMs execute them at the same time: told as stories, and sorted by how the two met. */
import { alphabet, type Command } from './alphabet.ts';
import { Play } from './play.ts';
import { schedulesOf } from './schedules.ts';
import { type Fact, factsOf, reportsOf } from './story.ts';

/** A executes the one, B the other. */
export interface Pair {
  readonly one: Command;
  readonly other: Command;
  /** When A has the lower stamp, and when B has it. */
  readonly aFirst: Ending;
  readonly bFirst: Ending;
  readonly meeting: Meeting;
}

export interface Ending {
  readonly facts: readonly Fact[];
  readonly reports: readonly string[];
}

/** `apart`: each does what it would have done alone, to something else. `together`: nothing is lost, though they are about one thing. */
export type Meeting = 'apart' | 'together' | 'parked' | 'lost';

/** Every two commands, whichever VM is to execute the one. */
export function allPairs(): Pair[] {
  return alphabet.flatMap((one, at) => alphabet.slice(at).map((other) => pairOf(one, other)));
}

/** How the two end when the VMs' stamps are in this order. The test sees to it that one order of delivery is as good as any. */
export function endingOf(commands: ReadonlyMap<string, Command>, stamps: readonly string[]): Ending {
  const [schedule] = schedulesOf(new Map([...commands.keys()].map((vm) => [vm, 1])), []);
  if (schedule === undefined) throw new Error('no schedule');
  const played = {
    commands: new Map([...commands].map(([vm, command]) => [vm, [command]])),
    stamps: stamps.map((vm) => ({ vm, index: 0 })),
  };
  const play = new Play(played, schedule);
  play.run();
  return { facts: factsOf(play.group), reports: reportsOf(play.group) };
}

export function isSameEnding(one: Ending, other: Ending): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function pairOf(one: Command, other: Command): Pair {
  const commands = new Map([
    ['a', one],
    ['b', other],
  ]);
  const [aFirst, bFirst] = [endingOf(commands, ['a', 'b']), endingOf(commands, ['b', 'a'])];
  return { one, other, aFirst, bFirst, meeting: meetingOf(one, other, [aFirst, bFirst]) };
}

function meetingOf(one: Command, other: Command, endings: readonly Ending[]): Meeting {
  const reports = endings.flatMap((ending) => ending.reports);
  if (reports.some((report) => report.includes(' is lost to '))) return 'lost';
  if (reports.length > 0) return 'parked';
  const [ofOne, ofOther] = [alone('a', one), alone('b', other)];
  const both = [...ofOne, ...ofOther];
  const isAboutOne = isSame(both, ofOne) || isSame(both, ofOther);
  return !isAboutOne && endings.every(({ facts }) => isSame(facts, both)) ? 'apart' : 'together';
}

function alone(vm: string, command: Command): readonly Fact[] {
  const key = `${vm} ${command.says(vm)}`;
  const facts = knownAlone.get(key) ?? endingOf(new Map([[vm, command]]), [vm]).facts;
  knownAlone.set(key, facts);
  return facts;
}

const knownAlone = new Map<string, readonly Fact[]>();

function isSame(facts: readonly Fact[], others: readonly Fact[]): boolean {
  const texts = (some: readonly Fact[]) => [...new Set(some.map((fact) => JSON.stringify(fact)))].sort();
  return texts(facts).join() === texts(others).join();
}
