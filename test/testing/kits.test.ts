import { AssertionError } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VirmoError } from 'virmo-sync';
import { memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import {
  type Case,
  describeStorage,
  describeTransport,
  storageCases,
  type TestRunner,
  transportCases,
} from 'virmo-sync/testing';
import { describe, expect, it } from 'vitest';
import { brokenStorages } from './broken-storages.ts';
import { brokenTransports } from './broken-transports.ts';

describe('the transport kit', () => {
  for (const [law, defect, fixture] of brokenTransports) {
    it(`[${law}] notices a transport that ${defect}`, () => fails(transportCases, law, fixture));
  }

  it('runs with any runner that has describe, it and it.skip', () => {
    const { runner, names } = recorder();
    const network = memoryNetwork();
    describeTransport(runner, 'mine', {
      open: async () => ({ listener: network.listen('hub'), dialer: network.dialer('hub') }),
    });
    expect(names[0]).toBe('mine keeps the transport contract');
    expect(names.filter((name) => name.startsWith('['))).toHaveLength(transportCases.length);
    expect(names.filter((name) => name.endsWith('(the fixture offers no sever)'))).toHaveLength(2);
  });
});

describe('the storage kit', () => {
  for (const [law, defect, fixture] of brokenStorages) {
    it(`[${law}] notices a storage that ${defect}`, () => fails(storageCases(), law, fixture));
  }

  it('runs with any runner that has describe, it and it.skip', () => {
    const { runner, names } = recorder();
    const disk = memoryDisk();
    describeStorage(runner, 'mine', { create: () => ({ open: () => memoryStorage({ disk }) }) });
    expect(names[0]).toBe('mine keeps the storage contract');
    expect(names.filter((name) => name.startsWith('['))).toHaveLength(storageCases().length);
    expect(names.filter((name) => name.includes('the fixture offers no'))).toHaveLength(5);
  });
});

it('runs under node:test', () => {
  const file = fileURLToPath(new URL('with-node-test.ts', import.meta.url));
  const node = ['--conditions=virmo-source', '--import', 'tsx', '--test', '--test-reporter=tap', file];
  // node --test refuses to run below another one; NODE_TEST_CONTEXT tells it so.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const report = execFileSync(process.execPath, node, { encoding: 'utf8', env });
  expect(report).toMatch(/^# fail 0$/m);
  expect(report).toMatch(/^# skipped 5$/m);
  expect(report).toContain(`# pass ${storageCases().length - 5}`);
});

it('numbers each law of a kit once', () => {
  for (const laws of [transportCases, storageCases()].map((cases) => cases.map(({ law }) => law))) {
    expect(new Set(laws).size).toBe(laws.length);
  }
});

/** The law's case finds fault with the fixture, by its own judgement and not by an accident of the test. */
async function fails<Fixture>(cases: readonly Case<Fixture>[], law: string, fixture: Fixture): Promise<void> {
  const found = cases.find((candidate) => candidate.law === law);
  if (found === undefined) throw new Error(`there is no law ${law}`);
  const error: unknown = await found.run(fixture).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  // What the case had begun beside is over, too, before another one looks what is running.
  await new Promise(setImmediate);
  expect(error instanceof AssertionError || error instanceof VirmoError, String(error)).toBe(true);
}

function recorder(): { readonly runner: TestRunner; readonly names: string[] } {
  const names: string[] = [];
  const it = Object.assign((name: string) => names.push(name), { skip: (name: string) => names.push(name) });
  const describe = (name: string, body: () => void): void => {
    names.push(name);
    body();
  };
  return { runner: { describe, it }, names };
}
