import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SchemaNode } from 'virmo-sync';
import { type Ddf, moIdentifier, parseDdf, readDdf, rootUri, writeDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';
import corpus from '../../../fixtures/ddf/corpus.json' with { type: 'json' };

/** Documents that nobody in this project wrote; see the README.md beside them. */
const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const data = process.env.VIRMO_DATA ?? join(repository, '../shared/data');
const folder = join(data, 'ddf');
const isThere = existsSync(folder);

const read = (file: string): Ddf => readDdf(readFileSync(join(folder, file)));

describe.skipIf(!isThere)(
  `the real documents${isThere ? '' : ` (not found: ${folder}; set VIRMO_DATA)`}`,
  () => {
    const expected: Readonly<Record<string, { nodes: number; warnings: Readonly<Record<string, number>> }>> =
      corpus;
    const files = isThere ? filesBelow(folder) : [];

    it('are the 67 of the table', () => {
      expect(files).toEqual(Object.keys(corpus));
      expect(files).toHaveLength(67);
    });

    it.each(files)('are read, each node and each quirk: %s', (file) => {
      const ddf = read(file);
      expect(ddf.nodeCount).toBe(expected[file]?.nodes);
      expect(ddf.roots.flatMap((root) => all(root.node))).toHaveLength(ddf.nodeCount);
      expect(tally(ddf.warnings.map((warning) => warning.code))).toEqual(expected[file]?.warnings);
    });

    it.each(files)('are the same when written and read again: %s', (file) => {
      const ddf = read(file);
      const again = readDdf(writeDdf(ddf));
      expect({ ...again, warnings: [] }).toEqual({ ...ddf, warnings: [] });
      expect(again.warnings).toEqual([]);
    });

    it('have 3,358 nodes, 113 of them without a name, at most 9 deep', () => {
      const nodes = files.flatMap((file) => read(file).roots.flatMap((root) => all(root.node)));
      expect(nodes).toHaveLength(3358);
      expect(nodes.filter((node) => node.name === undefined)).toHaveLength(113);
      expect(Math.max(...files.flatMap((file) => read(file).roots.map((root) => depth(root.node))))).toBe(9);
    });

    it('have just these quirks', () => {
      const codes = files.flatMap((file) => read(file).warnings.map((warning) => warning.code));
      expect(tally(codes)).toEqual({
        access: 1,
        'default-value': 30,
        duplicate: 1,
        extension: 1673,
        markup: 10,
        'name-star': 13,
        occurrence: 2,
        order: 975,
        path: 292,
        'properties-missing': 5,
        type: 136,
        'type-missing': 6,
        whitespace: 8,
      });
    });

    it('have warnings in the lines where an editor shows them', () => {
      const odd = {
        'msdocs-2017/certificatestore-ddf-file.xml': ['<Set />', 'access'],
        'msdocs-2017/supl-ddf-file.xml': ['<Path>./Vendor/MSFT/</Path>', 'path'],
      };
      for (const [file, [text = '', code]] of Object.entries(odd)) {
        const lines = readFileSync(join(folder, file), 'utf8').split('\n');
        const line = lines.findIndex((candidate) => candidate.includes(text)) + 1;
        expect(read(file).warnings.filter((w) => w.code === code)).toMatchObject([{ line }]);
      }
    });

    it('name their management objects', () => {
      const objects = (file: string): readonly (readonly [string, string])[] =>
        read(file).roots.map((root) => [rootUri(root), moIdentifier(root)]);
      expect(objects('msdocs-2017/devinfo-ddf-file.xml')).toEqual([
        ['./DevInfo', 'urn:oma:mo:oma-dm-devinfo:1.0'],
      ]);
      expect(objects('msdocs-2017/policy-ddf-file.xml')).toEqual([
        ['./User/Vendor/MSFT/Policy', 'com.microsoft/5.0/MDM/Policy'],
        ['./Device/Vendor/MSFT/Policy', 'com.microsoft/5.0/MDM/Policy'],
      ]);
      expect(objects('libwbxml-ddf-001.ddf')).toEqual([['./E-Mail', 'com.operatorX.dm/1.0/EMail']]);
      expect(objects('android-omadm/syncmldm.ddf')).toEqual([['.', '']]);
    });

    it('are schemas; where one describes several objects, root says which', () => {
      for (const file of files) {
        const { roots } = read(file);
        const bytes = readFileSync(join(folder, file));
        if (roots.length === 1) expect(parseDdf(bytes).root).toEqual(roots[0]?.node);
        else expect(() => parseDdf(bytes)).toThrow(/say which by the option root$/);
        for (const root of roots) expect(parseDdf(bytes, { root: rootUri(root) }).root).toEqual(root.node);
      }
      const tree = readFileSync(join(folder, 'android-omadm/syncmldm.ddf'));
      const account = parseDdf(tree, { root: './DMAcc' }).root.children[0];
      expect(account?.children.map((child) => child.name)).toContain('AppAddr');
    });

    it('tell of nodes at run time where they describe none', () => {
      const [mail] = read('libwbxml-ddf-001.ddf').roots[0]?.node.children ?? [];
      expect(mail).toMatchObject({ name: 'POP3', format: 'node', access: new Set() });
      expect(mail?.children).toMatchObject([
        { name: 'POPServer', format: 'chr', types: ['text/plain'], defaultValue: 'mail.Operatorx.com' },
        { name: 'UserID', format: 'chr', types: ['text/plain'], defaultValue: 'UserName' },
        { name: 'PWD', format: 'chr', types: ['text/plain'], defaultValue: '4571F7C34A9876B3' },
      ]);
    });

    it('keep the SyncML that one has in its descriptions', () => {
      const [, node] = read('msdocs-2017/bitlocker-ddf-file.xml').roots.flatMap((root) => all(root.node));
      expect(node?.description).toContain('<Format xmlns="syncml:metinf">int</Format>');
    });
  },
);

function filesBelow(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(root, file)).isFile())
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}

function all(node: SchemaNode): readonly SchemaNode[] {
  return [node, ...node.children.flatMap(all)];
}

function depth(node: SchemaNode): number {
  return 1 + Math.max(0, ...node.children.map(depth));
}

function tally(codes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
