/** What the owner of a VM wants of its agent: what is mounted, and by which version of the agent. It outlives processes and disks. */
import { type MoSetup, versionsOf } from './setup.ts';

export class Wishes {
  readonly #unmounted: Set<string>;
  readonly #versions: Map<string, number>;

  /** As another has it now. */
  constructor(other?: Wishes) {
    this.#unmounted = new Set(other === undefined ? [] : other.#unmounted);
    this.#versions = new Map(other === undefined ? [] : other.#versions);
  }

  isMounted(mo: string): boolean {
    return !this.#unmounted.has(mo);
  }

  /** By which of its versions it is mounted. */
  versionOf(mo: string): number {
    return this.#versions.get(mo) ?? 0;
  }

  mount(mo: string): true {
    this.#unmounted.delete(mo);
    return true;
  }

  unmount(mo: string): true {
    this.#unmounted.add(mo);
    return true;
  }

  /** It is to be mounted by the next version, and not before `mount`; gives whether there is one. */
  upgrade(setup: MoSetup): boolean {
    const next = this.versionOf(setup.mo) + 1;
    if (next >= versionsOf(setup).length) return false;
    this.#versions.set(setup.mo, next);
    return this.unmount(setup.mo);
  }
}
