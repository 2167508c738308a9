import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Storage, type StorageWrite, VirmoError } from 'virmo-sync';

/** What one line of the file says; updates are in base64. */
type Entry =
  | { readonly append: readonly (readonly [document: string, update: string])[] }
  | { readonly replace: string; readonly by: string | null };

/** A storage in one file, a line for each call. It holds all documents in memory, and the file only grows. */
export async function fileStorage(path: string): Promise<Storage> {
  const file = await open(path, 'a+', 0o600).catch((cause: unknown) => fail(`cannot open ${path}`, cause));
  const documents = new Map<string, string[]>();
  const lines = (await file.readFile('utf8')).split('\n');
  const torn = lines.pop() ?? ''; // a crash may have left half a line at the end; nobody was told that it is there
  for (const [number, line] of lines.entries()) apply(documents, parse(line, `${path}:${number + 1}`));
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
    await this.#write({ append: writes.map(({ document, update }) => [document, encode(update)]) });
  }

  async compact(document: string, snapshot: Uint8Array): Promise<void> {
    checkName(document);
    await this.#write({ replace: document, by: encode(snapshot) });
  }

  async remove(document: string): Promise<void> {
    checkName(document);
    await this.#write({ replace: document, by: null });
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.catch(() => undefined).then(() => this.#file.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(entry: Entry): Promise<void> {
    this.#checkOpen();
    // One line is one write, and datasync makes it survive a power cut. After a failure nothing is written any more.
    this.#last = this.#last.then(async () => {
      await this.#file.appendFile(format(entry)).catch((cause: unknown) => fail('cannot write', cause));
      await this.#file.datasync().catch((cause: unknown) => fail('cannot write', cause));
      apply(this.#documents, entry);
    });
    await this.#last;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new VirmoError('closed', 'the storage is closed');
  }
}

function apply(documents: Map<string, string[]>, entry: Entry): void {
  if ('append' in entry) {
    for (const [document, update] of entry.append) {
      const updates = documents.get(document);
      if (updates === undefined) documents.set(document, [update]);
      else updates.push(update);
    }
  } else if (entry.by === null) documents.delete(entry.replace);
  else documents.set(entry.replace, [entry.by]);
}

function format(entry: Entry): string {
  const text = JSON.stringify(entry);
  return `${crc32(text)} ${text}\n`;
}

function parse(line: string, place: string): Entry {
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
