/**
 * Uses the packed library as a stranger would: `node scripts/try-package.mjs dist/virmo-sync-….tgz`. Installs it into an empty project (dependencies in the
 * versions of our own lock, from npm's cache where `npm ci` has put them), imports every subpath, compiles and runs a consumer, asks the command line for help.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('..', import.meta.url));
const [tarball] = process.argv.slice(2);
if (tarball === undefined) throw new Error('usage: node scripts/try-package.mjs TARBALL');
const project = mkdtempSync(join(tmpdir(), 'virmo-sync-package-'));
try {
  install(resolve(tarball));
  const { exports, bin } = readJson(join(project, 'node_modules/virmo-sync/package.json'));
  const subpaths = Object.keys(exports).filter((subpath) => !subpath.endsWith('.json'));
  importAll(subpaths.map((subpath) => `virmo-sync${subpath.slice(1)}`));
  compileAndRunConsumer();
  for (const command of Object.keys(bin)) run(join('node_modules/.bin', command), ['--help']);
  console.log(
    `${basename(tarball)}: ${subpaths.length} subpaths imported, consumer compiled and run, command line there`,
  );
} finally {
  rmSync(project, { recursive: true, force: true });
}

/** As `npm ci` does it: from a lock, so that nothing is asked of the registry that the cache has. */
function install(path) {
  const lock = readJson(join(home, 'package-lock.json'));
  const { version, dependencies, bin } = readJson(join(home, 'package.json'));
  const installed = Object.entries(lock.packages).filter(([place, { dev }]) => place !== '' && !dev);
  const root = { name: 'stranger', version: '0.0.0', private: true, type: 'module' };
  const wanted = { ...root, dependencies: { 'virmo-sync': `file:${path}` } };
  const packages = {
    '': wanted,
    'node_modules/virmo-sync': { version, resolved: `file:${path}`, dependencies, bin },
    ...Object.fromEntries(installed),
  };
  writeJson('package.json', wanted);
  writeJson('package-lock.json', { ...root, lockfileVersion: 3, requires: true, packages });
  run('npm', ['ci', '--prefer-offline', '--loglevel=error', '--no-audit', '--no-fund']);
}

function importAll(names) {
  for (const name of names) {
    const code = `if (Object.keys(await import('${name}')).length === 0) throw new Error('${name} exports nothing');`;
    run(process.execPath, ['--input-type=module', '--eval', code]);
  }
}

/** Node's types are what any TypeScript project on Node has; they are lent from our own. */
function compileAndRunConsumer() {
  cpSync(join(home, 'scripts/consumer'), project, { recursive: true });
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(home, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  run(join(home, 'node_modules/.bin/tsc'), ['-p', '.']);
  run(process.execPath, ['consumer.js']);
}

function run(command, args) {
  try {
    execFileSync(command, args, { cwd: project, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    console.error(`${command} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    throw new Error('the package does not work for a stranger', { cause: error });
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeJson(name, value) {
  writeFileSync(join(project, name), `${JSON.stringify(value, undefined, 2)}\n`);
}
