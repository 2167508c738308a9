import { crashWorkload } from 'virmo-sync/testing';
import { fileStorage } from './example-storage.ts';

const path = process.argv[2] ?? '';
await crashWorkload(await fileStorage(path), (step) => process.stdout.write(`${step}\n`));
