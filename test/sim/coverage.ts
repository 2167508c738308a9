/** What happened in simulations, counted, so that it can be seen that they try what they are meant to try. */

/** What is counted. Each must happen in any hundred seeds. */
export const subjects = [
  'commands',
  'refused commands',
  'commands with subtrees',
  'Copies',
  'nodes deleted and added again',
  'late Deletes of nodes that live on',
  'Atomics',
  'Atomics over several management objects',
  'Atomics on their way at a cut or crash',
  'Execs',
  'Exec runs',
  'Execs interrupted',
  'crashes as a handler was called',
  'crashes as an outcome was told',
  'outcomes of Execs',
  'outcomes told again',
  'outcomes acknowledged',
  'conflicts',
  'parked nodes',
  'parked nodes resolved',
  'refusals by the hub',
  'stamps made anew',
  'cuts',
  'cuts that nobody noticed',
  'messages lost',
  'redials',
  'crashes',
  'hub crashes',
  'writes lost in crashes',
  'hosts without power',
  'disks put back',
  'disks put back of the hub',
  'memories put back',
  'lost writes recovered',
  'lost writes dismissed',
  'clones of disks',
  'clones of memories',
  'commands of clones',
  'clones retired',
  'acknowledged writes gone with who had them',
  'stops',
  'pauses',
  'hours',
  'members expelled',
  'clock shifts',
  'clocks off beyond the bound',
  'slow readers',
  'catch-ups in one difference',
  'elements cleaned from the log',
  'storage failures',
  'commands that could not be stored',
  'unmounts',
  'upgrades of agents',
  'schemas or rules replaced',
] as const;

export type Subject = (typeof subjects)[number];

export class Coverage {
  readonly #counts = new Map<Subject, number>();

  count(subject: Subject, by = 1): void {
    this.#counts.set(subject, (this.#counts.get(subject) ?? 0) + by);
  }

  of(subject: Subject): number {
    return this.#counts.get(subject) ?? 0;
  }

  add(other: Readonly<Record<string, number>>): void {
    for (const subject of subjects) this.count(subject, other[subject] ?? 0);
  }

  get missing(): readonly Subject[] {
    return subjects.filter((subject) => this.of(subject) === 0);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(subjects.map((subject) => [subject, this.of(subject)]));
  }
}
