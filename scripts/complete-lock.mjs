/**
 * `node scripts/complete-lock.mjs [LOCK]`: completes package-lock.json after `npm install` (decision 0007). npm leaves out optional packages (builds for other
 * platforms) that the registry could not give when the lock was written, and `npm ci` then refuses the lock. What is entered here bears no checksum.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

const [file = new URL('../package-lock.json', import.meta.url)] = process.argv.slice(2);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = [...missingPackages(lock.packages)];
lock.packages = sortedByPlace({ ...lock.packages, ...Object.fromEntries(missing) });
if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
for (const [place] of missing) console.log(`entered ${place}`);
if (missing.length === 0) console.log('the lock is complete');

function* missingPackages(packages) {
  for (const [dependent, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const place = `node_modules/${name}`;
      if (packages[place] !== undefined || packages[`${dependent}/${place}`] !== undefined) continue;
      const { os, cpu, libc } = platformOf(name);
      yield [
        place,
        { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc: [libc] }), optional: true, os: [os] },
      ];
    }
  }
}

/** What the package runs on, by its name: `@oxc-parser/binding-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  if (os === undefined || cpu === undefined) throw new Error(`the name ${name} tells no platform`);
  const libc = words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined;
  return { os, cpu, libc: os === 'linux' ? libc : undefined };
}

function sortedByPlace(packages) {
  return Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
}
