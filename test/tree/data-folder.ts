/** Real files that are not part of the repository: the folder VIRMO_DATA, or shared/data beside the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = process.env.VIRMO_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

export const hasData: boolean = existsSync(FOLDER);

/** One byte a character: the recorded files are not all UTF-8. */
export function readData(path: string): string {
  return readFileSync(`${FOLDER}/${path}`, 'latin1');
}
