/** What the VMs of the kill test write: who may write where, and what a value says of the command that wrote it. */

/** Two management objects, and what of the first stays in its VM. What one command wrote reaches others by management object. */
export const realms = ['one', 'two', 'local'] as const;
export type Realm = (typeof realms)[number];

/** A leaf: its realm, and its URI relative to the management object's root. */
export type Register = `${Realm} ./${string}`;

/** A command, for good: its VM, which of the VM's lives (from 1), which command of that life (from 1). The values that it writes begin with it. */
export type Mark = `${string}.${number}.${number}`;

export interface MarkParts {
  readonly vm: string;
  readonly life: number;
  readonly number: number;
}

export function markOf(vm: string, life: number, number: number): Mark {
  return `${vm}.${life}.${number}`;
}

/** The mark with which a value, as the tree has it, begins; RangeError for one that begins with none. */
export function markIn(value: unknown): Mark {
  const text = String(value);
  const end = text.indexOf(' ');
  const mark = end < 0 ? text : text.slice(0, end);
  if (!isMark(mark)) throw new RangeError(`a value that no command wrote: ${text.slice(0, 100)}`);
  return mark;
}

function isMark(text: string): text is Mark {
  return /^[a-z]+\.\d+\.\d+$/.test(text);
}

export function partsOf(mark: Mark): MarkParts {
  const [vm = '', life, number] = mark.split('.');
  return { vm, life: Number(life), number: Number(number) };
}

export function realmOf(register: Register): Realm {
  return register.slice(0, register.indexOf(' ')) as Realm;
}

/** The URI in a VM's tree. */
export function targetOf(register: Register): string {
  const [realm, uri = ''] = register.split(' ./');
  return `${realm === 'two' ? './Two' : './One'}/${uri}`;
}

/** The register at a URI of a VM's tree. */
export function registerAt(target: string): Register {
  const realm = target.startsWith('./Two/') ? 'two' : target.startsWith('./One/state/') ? 'local' : 'one';
  return `${realm} ./${target.slice('./One/'.length)}`;
}

/** Stays in the VM, by a scope rule. */
function stateOf(vm: string): Register {
  return `local ./state/${vm}`;
}

/** Leaves that all VMs write. */
export const sharedLeaves: readonly Register[] = [
  'one ./shared/a',
  'one ./shared/b',
  'two ./shared/a',
  'two ./shared/b',
];

/** Whether others than one VM write it: a shared leaf, or a node of the pool, which any VM fills and empties. */
export function isShared(register: Register): boolean {
  return / \.\/(shared|pool)\//.test(register);
}

/** A leaf that an Add makes and a Delete removes, again and again; in `two` with an interior node of its own above it. */
export function slotsOf(vm: string): readonly Register[] {
  return [`one ./${vm}/slot1`, `one ./${vm}/slot2`, `two ./${vm}/slot1/leaf`, `two ./${vm}/slot2/leaf`];
}

/** Leaves that a VM's commands replace one by one. */
export function countersOf(vm: string): readonly Register[] {
  return [
    `one ./${vm}/count1`,
    `one ./${vm}/count2`,
    `one ./${vm}/count3`,
    `two ./${vm}/count1`,
    `two ./${vm}/count2`,
  ];
}

/** Two leaves that only Atomics write, both: equal on every VM at any time (rule M7). */
export function twinsOf(vm: string): readonly [Register, Register] {
  return [`one ./${vm}/left`, `one ./${vm}/right`];
}

/** A leaf in each management object that only Atomics write, both, with what stays in the VM. */
export function pairOf(vm: string): readonly Register[] {
  return [`one ./${vm}/pair`, `two ./${vm}/pair`, stateOf(vm)];
}

/** Leaves, one in each management object, that are written with what leaves no mark of its own: a Delete, or a Copy. */
export function traceOf(vm: string, realm: 'one' | 'two'): Register {
  return `${realm} ./${vm}/trace`;
}

/** Where a VM copies one of its twins to. */
export function copyOf(vm: string): Register {
  return `one ./${vm}/copy`;
}

/** All leaves that this VM alone writes. */
export function ownRegisters(vm: string): readonly Register[] {
  const traces = [traceOf(vm, 'one'), traceOf(vm, 'two')];
  return [...countersOf(vm), ...twinsOf(vm), ...pairOf(vm), ...traces, copyOf(vm), ...slotsOf(vm)];
}
