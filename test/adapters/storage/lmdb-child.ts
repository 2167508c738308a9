import { lmdb } from 'virmo-sync/lmdb';

/** Opens the path, says so, and keeps it open until it is killed; ends with the error's code when it cannot. */
const storage = lmdb(process.argv[2] ?? '');
try {
  await storage.append([{ document: 'child', update: Uint8Array.of(1) }]);
  process.stdout.write('open\n');
  setInterval(() => undefined, 1000);
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? error.code : error}\n`);
}
