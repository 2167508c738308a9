/** `virmo-sync ddf`: what DDF files describe, and what is odd about them. */
import { createReadStream } from 'node:fs';
import { VirmoError } from 'virmo-sync';
import { type DdfWarning, defaultLimits, moIdentifier, readDdf, rootUri } from 'virmo-sync/ddf';
import { type Output, printable } from './output.ts';

/**
 * Describes each file on `out`: its nodes, its management objects with their identifiers, its warnings with their places;
 * with `json` one array of all. A file that cannot be read is told of on `err`, and the others are described all the same.
 * Gives the exit code: 0, or 1 if a file could not be read.
 */
export async function ddfCommand(
  files: readonly string[],
  options: { readonly json: boolean },
  out: Output,
  err: Output,
): Promise<number> {
  const descriptions: Description[] = [];
  for (const file of files) {
    const description = await describe(file);
    descriptions.push(description);
    if ('error' in description) err.write(printable([`${file}: ${description.error.message}`]));
    else if (!options.json) out.write(printable(asText(description)));
  }
  if (options.json) out.write(`${JSON.stringify(descriptions, undefined, 2)}\n`);
  return descriptions.some((description) => 'error' in description) ? 1 : 0;
}

type Description = DdfDescription | FailedDescription;

interface DdfDescription {
  readonly file: string;
  readonly nodes: number;
  /** The identifier is '' where the file does not say. */
  readonly objects: readonly { readonly uri: string; readonly identifier: string }[];
  readonly warnings: readonly DdfWarning[];
}

interface FailedDescription {
  readonly file: string;
  readonly error: { readonly code: string; readonly message: string };
}

async function describe(file: string): Promise<Description> {
  try {
    const ddf = readDdf(await readBytes(file));
    const objects = ddf.roots.map((root) => ({ uri: rootUri(root), identifier: moIdentifier(root) }));
    return { file, nodes: ddf.nodeCount, objects, warnings: ddf.warnings };
  } catch (error) {
    if (error instanceof VirmoError || isSystemError(error)) {
      return { file, error: { code: error.code, message: error.message } };
    }
    throw error;
  }
}

/** The file's bytes, or just more of them than a DDF may have. */
async function readBytes(file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of createReadStream(file, { end: defaultLimits.bytes })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

function asText(ddf: DdfDescription): readonly string[] {
  return [
    `${ddf.file}: ${count(ddf.nodes, 'node')}, ${count(ddf.warnings.length, 'warning')}`,
    ...ddf.objects.map(({ uri, identifier }) => `  ${uri}  ${identifier || '(no identifier)'}`),
    ...grouped(ddf.warnings).map(
      ({ first, times }) =>
        `  line ${first.line}${first.path === '' ? '' : `, ${first.path}`}: ${first.code}: ${first.message}` +
        (times === 1 ? '' : ` (${times} times, first here)`),
    ),
  ];
}

/** Warnings that say the same, told once: vendors repeat themselves on every node. */
function grouped(warnings: readonly DdfWarning[]): readonly { first: DdfWarning; times: number }[] {
  const groups = new Map<string, { first: DdfWarning; times: number }>();
  for (const warning of warnings) {
    const key = `${warning.code} ${warning.message}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: warning, times: 1 });
    else group.times += 1;
  }
  return [...groups.values()];
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
