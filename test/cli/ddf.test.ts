import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ddfCommand } from '../../src/cli/ddf.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/ddf/${name}.xml`, import.meta.url));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(files: readonly string[], json = false): Promise<Run> {
  let out = '';
  let err = '';
  const into = (write: (text: string) => void) => ({ write });
  const code = await ddfCommand(
    files,
    { json },
    into((text) => {
      out += text;
    }),
    into((text) => {
      err += text;
    }),
  );
  return { code, out, err };
}

describe('virmo-sync ddf', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virmo-sync-ddf-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  it('tells the nodes, the management object and the warnings of a file', async () => {
    const name = fixture('type-two-elements');
    expect(await run([name])).toEqual({
      code: 0,
      out: [
        `${name}: 2 nodes, 2 warnings`,
        '  ./Mo  com.example/1.0/Mo',
        '  line 11, ./Mo: type: an interior node has no MIME type; text/plain is left out',
        '  line 12, ./Mo: duplicate: a second DFType in DFProperties',
        '',
      ].join('\n'),
      err: '',
    });
  });

  it('tells of a file without warnings or identifier, and of several management objects', async () => {
    const { out } = await run([fixture('caseness'), fixture('join-to-leaf')]);
    expect(out).toContain('caseness.xml: 3 nodes, 0 warnings\n  ./Mo  (no identifier)\n');
    expect(out).toContain(
      'join-to-leaf.xml: 3 nodes, 0 warnings\n  ./Mo  (no identifier)\n  ./Mo/Leaf/Below  ',
    );
  });

  it('tells a warning of the document without a node, and one that comes again once', async () => {
    const node = '<Node><x:y/></Node>';
    const { out } = await run([await file('many.xml', `<MgmtTree><Node>${node}${node}</Node></MgmtTree>`)]);
    expect(out).toContain('  line 1: version: no VerDTD; read as 1.2\n');
    expect(out).toContain(
      '  line 1, ./*/*: extension: x:y is an extension; left out (2 times, first here)\n',
    );
  });

  it('tells of a file that cannot be read, goes on, and ends with 1', async () => {
    const broken = await file('broken.xml', '<MgmtTree>\n<Node>');
    const missing = join(folder, 'missing.xml');
    const { code, out, err } = await run([broken, missing, folder, fixture('caseness')]);
    expect(code).toBe(1);
    expect(err).toContain(
      `${broken}: line 2, ./*: the document ends inside <Node>, which begins in line 2\n`,
    );
    expect(err).toContain(`${missing}: ENOENT`);
    expect(err).toContain(`${folder}: EISDIR`);
    expect(out).toMatch(/caseness\.xml: 3 nodes/);
  });

  it('gives one JSON array of all files, warnings one by one', async () => {
    const name = fixture('access-unknown');
    const missing = join(folder, 'missing.xml');
    const { code, out, err } = await run([name, missing], true);
    expect(code).toBe(1);
    expect(err).toContain('ENOENT');
    expect(JSON.parse(out)).toEqual([
      {
        file: name,
        nodes: 2,
        objects: [{ uri: './Mo', identifier: '' }],
        warnings: [
          { code: 'access', message: 'Set is no DM command; left out', line: 16, path: './Mo/Leaf' },
        ],
      },
      { file: missing, error: { code: 'ENOENT', message: expect.stringContaining('no such file') } },
    ]);
  });

  it('does not read more of a file than a DDF may have', async () => {
    const large = await file('large.xml', ' '.repeat(17 * 1024 * 1024));
    expect((await run([large])).err).toBe(`${large}: line 1: the document is larger than 16777216 bytes\n`);
  });

  it('does not let a file steer the terminal', async () => {
    const text = '<MgmtTree><VerDTD>1.\u009b2J</VerDTD><Node><NodeName>\u202eA</NodeName></Node></MgmtTree>';
    const { out } = await run([await file('steering.xml', text)]);
    expect(out).toContain('the VerDTD is 1.\ufffd2J');
    expect(out).not.toMatch(/[\u0080-\u009f\u202e]/);
  });
});
