import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { home } from '../architecture/sources.ts';

let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'virmo-sync-scripts-'));
  file = join(folder, 'file.json');
});

afterEach(() => rm(folder, { recursive: true }));

describe('scripts/complete-lock.mjs', () => {
  it('has nothing to do: our lock names the builds for every platform', async () => {
    await copyFile(join(home, 'package-lock.json'), file);
    expect(await run('complete-lock.mjs', file)).toEqual({ code: 0, output: 'the lock is complete\n' });
  });

  it('enters builds that are missing, with what they run on, and leaves all else as it is', async () => {
    const there = { version: '1.2.3', integrity: 'sha512-x', optional: true };
    const tool = {
      version: '1.2.3',
      dev: true,
      optionalDependencies: { '@a/tool-linux-x64': '1.2.3', '@a/tool-linux-arm64-musl': '1.2.3' },
    };
    await writeFile(
      file,
      JSON.stringify({
        packages: { '': {}, 'node_modules/@a/tool-linux-x64': there, 'node_modules/tool': tool },
      }),
    );
    const { code, output } = await run('complete-lock.mjs', file);
    expect({ code, output }).toEqual({ code: 0, output: 'entered node_modules/@a/tool-linux-arm64-musl\n' });
    expect(JSON.parse(await readFile(file, 'utf8')).packages).toEqual({
      '': {},
      'node_modules/@a/tool-linux-arm64-musl': {
        version: '1.2.3',
        cpu: ['arm64'],
        dev: true,
        libc: ['musl'],
        optional: true,
        os: ['linux'],
      },
      'node_modules/@a/tool-linux-x64': there,
      'node_modules/tool': tool,
    });
  });
});

describe('scripts/test-summary.mjs', () => {
  const counts = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 2, numTodoTests: 0 };
  const passed = {
    name: 'a.test.ts',
    status: 'passed',
    message: '',
    assertionResults: [{ status: 'passed' }],
  };
  const broken = { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] };

  it.each([
    ['passes when all passed', { ...counts, testResults: [passed] }, 0, '7 passed, 0 failed, 2 skipped'],
    [
      'fails when a test failed',
      { ...counts, numFailedTests: 1, testResults: [passed] },
      1,
      '7 passed, 1 failed, 2 skipped',
    ],
    [
      'fails when a file could not be run',
      { ...counts, testResults: [passed, broken] },
      1,
      '7 passed, 1 failed, 2 skipped',
    ],
    [
      'fails when no test ran',
      { ...counts, numPassedTests: 0, testResults: [] },
      1,
      '0 passed, 0 failed, 2 skipped',
    ],
  ])('%s', async (_, report, code, line) => {
    await writeFile(file, JSON.stringify(report));
    const ended = await run('test-summary.mjs', file);
    expect(ended.code).toBe(code);
    expect(ended.output.trimEnd().split('\n')).toContain(line);
  });

  it.each(['', undefined])('fails without a report: no test ran', async (text) => {
    if (text !== undefined) await writeFile(file, text);
    expect((await run('test-summary.mjs', file)).code).toBe(1);
  });
});

function run(
  script: string,
  argument: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(home, 'scripts', script), argument], (_, stdout) => {
      resolve({ code: child.exitCode, output: stdout });
    });
  });
}
