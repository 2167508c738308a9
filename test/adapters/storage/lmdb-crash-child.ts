import { lmdb } from 'virmo-sync/lmdb';
import { crashWorkload } from 'virmo-sync/testing';

const path = process.argv[2] ?? '';
await crashWorkload(lmdb(path), (step) => process.stdout.write(`${step}\n`));
