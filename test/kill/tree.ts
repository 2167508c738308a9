/** The tree of a VM as its workload and its conductor see it. */
import type { Mount, Outcome, Vm } from 'virmo-sync';
import type { Leaves } from './messages.ts';
import { type Mark, markIn, type Register, realmOf, registerAt, targetOf } from './registers.ts';
import type { Sight } from './workload.ts';

export class Tree implements Sight {
  readonly #vm: Vm;
  readonly #one: Mount;
  readonly #two: Mount;
  readonly #pool = new Set<Register>();

  constructor(vm: Vm, one: Mount, two: Mount) {
    this.#vm = vm;
    this.#one = one;
    this.#two = two;
    one.observe((event) => {
      if (event.type !== 'changed') return;
      for (const { type, uri } of event.changes) if (type === 'added') this.#note(`one ./${uri.slice(2)}`);
    });
  }

  has(register: Register): boolean {
    const mount = realmOf(register) === 'two' ? this.#two : this.#one;
    return mount.provenance(register.slice(register.indexOf(' ') + 1)) !== undefined;
  }

  pool(): readonly Register[] {
    for (const register of this.#pool) if (!this.has(register)) this.#pool.delete(register);
    return [...this.#pool];
  }

  /** What the leaf holds at the moment of the call; told later, as all answers are. */
  async read(register: Register): Promise<Mark | undefined> {
    const { results = [] } = await this.#vm.execute({ type: 'Get', target: targetOf(register) });
    return results.map(({ data }) => markIn(data))[0];
  }

  /** What all leaves hold at the moment of the call. */
  async leaves(): Promise<Leaves> {
    const answers = ['./One', './Two'].map((uri) =>
      this.#vm.execute({ type: 'Get', target: `${uri}?list=StructData` }),
    );
    const leaves = Object.fromEntries((await Promise.all(answers)).flatMap(leavesIn));
    for (const register of Object.keys(leaves)) this.#note(register as Register);
    return leaves;
  }

  #note(register: Register): void {
    if (register.startsWith('one ./pool/')) this.#pool.add(register);
  }
}

function leavesIn({ results = [] }: Outcome): [Register, Mark][] {
  return results.flatMap(({ uri, data }): [Register, Mark][] =>
    data === undefined ? [] : [[registerAt(uri), markIn(data)]],
  );
}
