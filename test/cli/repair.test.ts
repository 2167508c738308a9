import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mount, openVm, type Vm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repairCommand } from '../../src/cli/repair.ts';
import { flipBits } from '../adapters/storage/lmdb-fixture.ts';
import { Bed, closeLater, get, set, untilEqual } from '../vm/bed.ts';

const PAGE_BYTES = 4096;

let path: string;
let file: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'virmo-repair-'));
  file = join(path, 'data.mdb');
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

async function run(options: { readonly mo?: string; readonly empty?: boolean } = {}) {
  const written = { out: '', err: '' };
  const into = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await repairCommand(path, { empty: false, ...options }, into('out'), into('err'));
  return { code, ...written };
}

interface Opened {
  readonly vm: Vm;
  readonly mount: Mount;
}

const rules = [{ path: './Own', share: 'local' }] as const;

/** The VM on the storage under repair. */
async function opened(id = 'game'): Promise<Opened> {
  const vm = await openVm({ id, storage: lmdb(path) });
  closeLater(vm);
  return { vm, mount: await vm.mount('./MO', { mo: 'mo', rules }) };
}

async function hub(bed: Bed): Promise<Opened> {
  const vm = await bed.vm('device');
  const mount = await vm.mount('./MO', { mo: 'mo', rules });
  await bed.serve(vm);
  return { vm, mount };
}

/** The VM game has A, B and C at the hub, then writes Unsent, Own (which stays in it), and changes Unsent. Each is an update of its own. */
async function worked(bed: Bed): Promise<Opened> {
  const device = await hub(bed);
  const game = await opened();
  const connection = bed.connect(game.vm);
  for (const name of ['A', 'B', 'C']) {
    await set(game.vm, name, '1');
    await game.mount.whenDelivered();
  }
  await connection.close();
  await set(game.vm, 'Unsent', 'first');
  await set(game.vm, 'Own', 'mine');
  await set(game.vm, 'Last', '1');
  await game.vm.close();
  return device;
}

async function load(document: string): Promise<readonly Uint8Array[]> {
  const storage = lmdb(path);
  const updates: Uint8Array[] = [];
  for await (const update of storage.load(document)) updates.push(update);
  await storage.close();
  return updates;
}

/** What is shown of these names below ./MO. */
function shown(vm: Vm, ...names: readonly string[]): Promise<(string | undefined)[]> {
  return Promise.all(names.map((name) => get(vm, `./MO/${name}`)));
}

async function mountError(): Promise<string> {
  const vm = await openVm({ id: 'game', storage: lmdb(path) });
  const error = await vm.mount('./MO', { mo: 'mo', rules }).then(
    () => new Error('mounted'),
    (reason: Error) => reason,
  );
  await vm.close();
  return error.message;
}

describe('virmo-sync repair', () => {
  it('changes nothing where nothing is damaged', async () => {
    await worked(new Bed());
    const before = readFileSync(file);
    expect(await run()).toEqual({
      code: 0,
      out: `${path}: nothing is damaged, and nothing was changed\n`,
      err: '',
    });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(`${file}.damaged`)).toBe(false);
  });

  it('[Y4] keeps main up to the damage, and unsent writes and what stays in the VM behind it, too; the rest comes from the hub', async () => {
    const bed = new Bed();
    const device = await worked(bed);
    await flipBits(path, 'mo:mo', 3);
    expect(await mountError()).toContain(`\`virmo-sync repair ${path}\``);
    const damaged = readFileSync(file);
    const { code, out, err } = await run();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^mo: kept \d commands that may not be at the hub, and 2 records that stay in this VM; about \d+ updates lost$/m,
    );
    expect(out).toMatch(/^mo: main is kept up to place \d; the rest comes from the hub$/m);
    expect(out).toContain(`The damaged file is kept as ${file}.damaged\n`);
    expect(readFileSync(`${file}.damaged`).equals(damaged)).toBe(true);
    const { vm, mount } = await opened();
    expect(await shown(vm, 'Unsent', 'Own', 'Last')).toEqual(['first', 'mine', '1']);
    bed.connect(vm);
    await mount.whenSynced();
    await untilEqual(device.mount, mount);
    expect(await shown(device.vm, 'A', 'B', 'C', 'Unsent', 'Own', 'Last')).toEqual([
      '1',
      '1',
      '1',
      'first',
      undefined,
      '1',
    ]);
    expect(await get(vm, './MO/Own')).toBe('mine');
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    '[Y4] leads to the hub’s tree with what was not sent, whichever update is damaged (%i)',
    async (position) => {
      const bed = new Bed();
      const device = await worked(bed);
      const count = (await load('mo:mo')).length;
      await flipBits(path, 'mo:mo', position % count);
      expect((await run()).code).toBe(0);
      const { vm, mount } = await opened();
      bed.connect(vm);
      await mount.whenSynced();
      await untilEqual(device.mount, mount);
      expect(await shown(vm, 'A', 'B', 'C')).toEqual(['1', '1', '1']);
      const rest = await shown(vm, 'Unsent', 'Own', 'Last');
      expect(rest.filter((value) => value === undefined).length).toBeLessThanOrEqual(1);
    },
  );

  it('gives up the copy of main where it is told so, and nothing else', async () => {
    const bed = new Bed();
    const device = await worked(bed);
    const { code, out } = await run({ mo: 'mo' });
    expect(code).toBe(0);
    expect(out).toContain(
      'mo: nothing of main is left; all of it comes from the hub at the next connection\n',
    );
    const { vm, mount } = await opened();
    expect(await shown(vm, 'A', 'Unsent', 'Own')).toEqual([undefined, 'first', 'mine']);
    bed.connect(vm);
    await mount.whenSynced();
    await untilEqual(device.mount, mount);
    expect(await shown(vm, 'A', 'Unsent', 'Own')).toEqual(['1', 'first', 'mine']);
    await vm.close();
    expect(await run({ mo: 'none' })).toMatchObject({ code: 1, err: `${path}: there is no none\n` });
  });

  it('[Y4] of a hub: keeps what it can of main, and the VMs bring back what it lost', async () => {
    const bed = new Bed();
    const device = await opened('device');
    await bed.serve(device.vm);
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo', rules });
    bed.connect(game);
    for (const name of ['A', 'B', 'C']) {
      await set(game, name, '1');
      await copy.whenDelivered();
    }
    await device.vm.close();
    await game.close();
    const count = (await load('mo:mo')).length;
    await flipBits(path, 'mo:mo', count - 2);
    expect(await run({ mo: 'mo' })).toMatchObject({ code: 1, err: /^mo: this VM was its hub/ });
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toMatch(/this VM is its hub: what came later comes back from the VMs that have it$/m);
    const again = await opened('device');
    expect(await shown(again.vm, 'A', 'C')).toEqual(['1', undefined]);
    await bed.serve(again.vm);
    const back = await bed.vm('game');
    const brought = await back.mount('./MO', { mo: 'mo', rules });
    bed.connect(back);
    await brought.whenSynced();
    await untilEqual(again.mount, brought);
    expect(await shown(again.vm, 'A', 'B', 'C')).toEqual(['1', '1', '1']);
  });

  it('of the VM’s own nodes: keeps what is not damaged', async () => {
    const { vm } = await opened();
    for (const name of ['A', 'B', 'C']) await vm.execute({ type: 'Add', target: `./${name}`, data: '1' });
    await vm.close();
    await flipBits(path, 'vm', 2);
    await expect(openVm({ id: 'game', storage: lmdb(path) })).rejects.toMatchObject({
      code: 'storage-damaged',
    });
    expect((await run()).out).toMatch(/^the VM's own nodes: \d+ records kept, about 1 lost$/m);
    const again = await opened();
    expect(await Promise.all(['A', 'B', 'C'].map((name) => get(again.vm, `./${name}`)))).toEqual([
      '1',
      undefined,
      '1',
    ]);
  });

  it('of how it was mounted: the next mount writes it anew', async () => {
    await worked(new Bed());
    await flipBits(path, 'mount:mo', 0);
    expect(await mountError()).toContain('virmo-sync repair');
    expect((await run()).out).toMatch(/^mo: how it was mounted is lost; the next mount writes it anew$/m);
    const { vm } = await opened();
    expect(await shown(vm, 'A', 'Own')).toEqual(['1', 'mine']);
  });

  it('of an entry that cannot be used though its bytes are as written: as of a damaged one', async () => {
    await worked(new Bed());
    const storage = lmdb(path);
    await storage.append([{ document: 'mo:mo', update: Uint8Array.of(1, 9, 9, 9) }]);
    await storage.append([{ document: 'other', update: Uint8Array.of(1) }]);
    await storage.close();
    expect((await run()).code).toBe(0);
    const { vm } = await opened();
    expect(await shown(vm, 'A', 'Unsent', 'Own', 'Last')).toEqual(['1', 'first', 'mine', '1']);
    await vm.close();
    expect(await load('other')).toEqual([Uint8Array.of(1)]);
  });

  it('reads past a file that LMDB cannot open, whichever page is zeroed', async () => {
    await worked(new Bed());
    const { vm: writer } = await opened();
    for (let n = 0; n < 30; n++) await set(writer, `Own${n}`, 'x'.repeat(1500));
    await writer.close();
    const whole = readFileSync(file);
    const seen = { whole: 0, last: 0, parts: 0, nothing: 0 };
    for (let page = 0; page < whole.byteLength / PAGE_BYTES; page++) {
      writeFileSync(file, Buffer.from(whole).fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
      const { code, out } = await run();
      rmSync(`${file}.damaged`, { force: true });
      if (code === 1) {
        seen.nothing++;
        continue;
      }
      const { vm } = await opened();
      const found = await shown(vm, 'A', 'Own', 'Own28', 'Own29');
      await vm.close();
      const isPart = /^mo: (main|how|nothing)/m.test(out);
      const expected = ['1', 'mine', 'x'.repeat(1500)];
      if (!isPart) expect(found.slice(0, 3)).toEqual(expected);
      if (isPart) seen.parts++;
      else if (out.includes('what was written last may be missing')) seen.last++;
      else expect([seen.whole++, found[3]]).toEqual([expect.any(Number), 'x'.repeat(1500)]);
    }
    expect(seen).toEqual({
      whole: expect.toSatisfy((pages: number) => pages > 0),
      last: expect.toSatisfy((pages: number) => pages > 0),
      parts: expect.toSatisfy((pages: number) => pages > 0),
      nothing: 0,
    });
  });

  it('begins with an empty storage where nothing can be read and it is told so, and keeps the file', async () => {
    writeFileSync(file, 'x'.repeat(20_000));
    expect(await run()).toMatchObject({ code: 1, err: expect.stringContaining('With --empty') });
    expect(readFileSync(file, 'latin1')).toBe('x'.repeat(20_000));
    writeFileSync(`${file}.damaged`, 'an earlier one');
    expect(await run({ empty: true })).toEqual({
      code: 0,
      out: `${path} is empty now. The damaged file is kept as ${file}.damaged-2\n`,
      err: '',
    });
    expect(readFileSync(`${file}.damaged-2`, 'latin1')).toBe('x'.repeat(20_000));
    const { vm } = await opened();
    await set(vm, 'A', '1');
  });

  it('leaves alone what a newer version wrote, what is open, and what is no storage', async () => {
    expect(await run()).toEqual({
      code: 1,
      out: '',
      err: `${path}: there is no such storage (storage-failed)\n`,
    });
    const { vm } = await opened();
    expect(await run()).toMatchObject({
      code: 1,
      err: expect.stringContaining(`open in process ${process.pid}`),
    });
    await vm.close();
    const storage = lmdb(path);
    await storage.append([{ document: 'mo:mo', update: Uint8Array.of(99) }]);
    await storage.close();
    const before = readFileSync(file);
    expect(await run()).toMatchObject({ code: 1, err: expect.stringContaining('(storage-newer)') });
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
