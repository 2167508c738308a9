import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Storage, type StorageWrite, VirmoError } from 'virmo-sync';

/** One change of one document; updates are in base64. */
type Change =
  | readonly ['append' | 'replace', document: string, update: string]
  | readonly ['remove', document: string];

/** A storage in one file, a line for each call. It holds all documents in memory, and the file only grows. */
export async function fileStorage(path: string): Promise<Storage> {
  const file = await open(path, 'a+', 0o600).catch((cause: unknown) => fail(`cannot open ${path}`, cause));
  const documents = new Map<string, string[]>();
  const lines = (await file.readFile('utf8')).split('\n');
  const torn = lines.pop() ?? ''; // a crash may have left half a line at the end; nobody was told that it is there
  for (const [number, line] of lines.entries()) {
    for (const change of parse(line, `${path}:${number + 1}`)) apply(documents, change);
  }
  if (torn !== '') await file.truncate((await file.stat()).size - Buffer.byteLength(torn));
  return new FileStorage(file, documents);
}

class FileStorage implements Storage {
  readonly #file: FileHandle;
  readonly #documents: Map<string, string[]>;
  #last: Promise<void> = Promise.resolve(); // each call waits for the one before: that is the order
  #closing: Promise<void> | undefined;

  constructor(file: FileHandle, documents: Map<string, string[]>) {
    this.#file = file;
    this.#documents = documents;
  }

  async *documents(): AsyncGenerator<string, void, undefined> {
    this.#checkOpen();
    yield* [...this.#documents.keys()];
  }

  async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    this.#checkOpen();
    checkName(document);
    for (const update of [...(this.#documents.get(document) ?? [])]) yield decode(update);
  }

  async append(writes: readonly StorageWrite[]): Promise<void> {
    for (const { document } of writes) checkName(document);
    await this.#write(writes.map(changeOf));
  }

  async remove(document: string): Promise<void> {
    checkName(document);
    await this.#write([['remove', document]]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.catch(() => undefined).then(() => this.#file.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(changes: readonly Change[]): Promise<void> {
    this.#checkOpen();
    // One line is one write, and datasync makes it survive a power cut. After a failure nothing is written any more.
    const line = format(changes);
    this.#last = this.#last.then(async () => {
      await this.#file.appendFile(line).catch((cause: unknown) => fail('cannot write', cause));
      await this.#file.datasync().catch((cause: unknown) => fail('cannot write', cause));
      for (const change of changes) apply(this.#documents, change);
    });
    await this.#last;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new VirmoError('closed', 'the storage is closed');
  }
}

function changeOf({ document, update, isSnapshot = false }: StorageWrite): Change {
  return [isSnapshot ? 'replace' : 'append', document, encode(update)];
}

function apply(documents: Map<string, string[]>, [how, document, update = '']: Change): void {
  switch (how) {
    case 'append':
      documents.set(document, [...(documents.get(document) ?? []), update]);
      return;
    case 'replace':
      documents.set(document, [update]);
      return;
    case 'remove':
      documents.delete(document);
  }
}

function format(changes: readonly Change[]): string {
  const text = JSON.stringify(changes);
  return `${crc32(text)} ${text}\n`;
}

function parse(line: string, place: string): readonly Change[] {
  const space = line.indexOf(' ');
  const text = line.slice(space + 1);
  if (Number(line.slice(0, space)) === crc32(text)) return JSON.parse(text);
  throw new VirmoError('storage-damaged', `${place} is not what was written`);
}

function checkName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > 200) throw new RangeError(`a document's name has 1 to 200 bytes, not ${bytes}`);
  if (/\p{Surrogate}/u.test(name)) throw new RangeError("a document's name holds half a surrogate pair");
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function decode(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function fail(what: string, cause: unknown): never {
  throw new VirmoError('storage-failed', `${what}: ${String(cause)}`, { cause });
}
