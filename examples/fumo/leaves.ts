/** The leaves of one management object, by their URIs in it, for the device itself. */
import { type Data, isSuccess, type Mount, type Vm } from 'virmo-sync';

/** Reads what stands in the tree, and writes it as commands of the device do. */
export class Leaves {
  readonly #vm: Vm;
  readonly #mount: Mount;

  constructor(vm: Vm, mount: Mount) {
    this.#vm = vm;
    this.#mount = mount;
  }

  /** `undefined` where there is no such leaf. */
  async read(uri: string): Promise<Data | undefined> {
    const { results } = await this.#vm.execute({ type: 'Get', target: this.#target(uri) });
    return results?.[0]?.data;
  }

  async hasContent(uri: string): Promise<boolean> {
    return ((await this.read(uri)) ?? '').length > 0;
  }

  /** Resolves when it is durable here; rejects where it cannot be written. */
  async write(uri: string, data: Data): Promise<void> {
    const { status } = await this.#vm.execute({ type: 'Replace', target: this.#target(uri), data });
    if (!isSuccess(status)) throw new Error(`${uri} could not be written: ${status}`);
  }

  /** Writes nothing where nothing stands. */
  async empty(uri: string): Promise<void> {
    const data = await this.read(uri);
    if (data !== undefined && data.length > 0)
      await this.write(uri, typeof data === 'string' ? '' : new Uint8Array(0));
  }

  /** When it was last written, in milliseconds since 1970; 0 where it never was. */
  writtenMs(uri: string): number {
    return this.#mount.provenance(uri)?.timeMs ?? 0;
  }

  #target(uri: string): string {
    return this.#mount.uri + uri.slice(1);
  }
}
