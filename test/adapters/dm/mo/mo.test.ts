import type { SchemaNode } from 'virmo-sync';
import { readDdf, writeDdf } from 'virmo-sync/ddf';
import { devdetail, devdetailDdf } from 'virmo-sync/mo/devdetail';
import { devinfo, devinfoDdf } from 'virmo-sync/mo/devinfo';
import { FumoAlert, FumoResult, FumoState, fumo, fumoDdf } from 'virmo-sync/mo/fumo';
import { describe, expect, it } from 'vitest';

/** A node and those below as lines: `path format occurrence access scope`. */
function lines(node: SchemaNode, path = '.'): readonly string[] {
  const { min, max } = node.occurrence;
  const occurrence = max === 1 ? ['?', '1'][min] : `${min} to ${max}`;
  const access = [...node.access].sort().join('+');
  return [
    `${path} ${node.format} ${occurrence} ${access} ${node.scope}`,
    ...node.children.flatMap((child) => lines(child, `${path}/${child.name}`)),
  ];
}

describe('FUMO 1.0', () => {
  it('has the nodes of the standard, with its formats, occurrences and access types', () => {
    expect(lines(fumo.root)).toEqual([
      '. node 0 to Infinity Get dynamic',
      './PkgName chr ? Get dynamic',
      './PkgVersion chr ? Get dynamic',
      './Download node ? Exec+Get dynamic',
      './Download/PkgURL chr 1 Get+Replace dynamic',
      './Update node ? Exec+Get dynamic',
      './Update/PkgData bin ? Replace dynamic',
      './DownloadAndUpdate node ? Exec+Get dynamic',
      './DownloadAndUpdate/PkgURL chr 1 Get+Replace dynamic',
      './State int 1 Get dynamic',
      './Ext node ? Get dynamic',
    ]);
  });

  it('has its identifier, and no name of its own', () => {
    expect(fumo.root).toMatchObject({ name: undefined, types: ['urn:oma:mo:oma-fumo:1.0'] });
  });

  it('begins idle', () => {
    const state = fumo.root.children.find((node) => node.name === 'State');
    expect(state?.defaultValue).toBe(String(FumoState.Idle));
    expect(state?.defaultValue).toBe('10');
  });

  it('takes a package of any type', () => {
    const update = fumo.root.children.find((node) => node.name === 'Update');
    expect(update?.children[0]?.types).toEqual([]);
  });

  it('numbers its states in tens, and its results as statuses', () => {
    expect(Object.values(FumoState)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(Object.values(FumoResult)).toEqual([
      200, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 500, 501, 502, 503,
    ]);
  });

  it('names an alert after each node that can be executed', () => {
    const executable = fumo.root.children.filter((node) => node.access.has('Exec'));
    for (const { name = '' } of executable) {
      expect(Object.entries(FumoAlert)).toContainEqual([
        name,
        `org.openmobilealliance.dm.firmwareupdate.${name.toLowerCase()}`,
      ]);
    }
    expect(executable).toHaveLength(3);
  });
});

describe('DevInfo 1.0', () => {
  it('has the nodes of the standard; what is optional can come and go', () => {
    expect(lines(devinfo.root)).toEqual([
      '. node 1 Get permanent',
      './DevId chr 1 Get permanent',
      './Man chr 1 Get permanent',
      './Mod chr 1 Get permanent',
      './DmV chr 1 Get permanent',
      './Lang chr 1 Get permanent',
      './Ext node ? Get dynamic',
      './Bearer node ? Get dynamic',
    ]);
    expect(devinfo.root).toMatchObject({ name: 'DevInfo', types: ['urn:oma:mo:oma-dm-devinfo:1.0'] });
  });
});

describe('DevDetail 1.0', () => {
  it('has the nodes of the standard; what is optional can come and go', () => {
    expect(lines(devdetail.root)).toEqual([
      '. node 1 Get permanent',
      './URI node 1 Get permanent',
      './URI/MaxDepth chr 1 Get permanent',
      './URI/MaxTotLen chr 1 Get permanent',
      './URI/MaxSegLen chr 1 Get permanent',
      './DevTyp chr 1 Get permanent',
      './OEM chr 1 Get permanent',
      './FwV chr 1 Get permanent',
      './SwV chr 1 Get permanent',
      './HwV chr 1 Get permanent',
      './LrgObj bool 1 Get permanent',
      './Ext node ? Get dynamic',
      './Bearer node ? Get dynamic',
    ]);
    expect(devdetail.root).toMatchObject({ name: 'DevDetail', types: ['urn:oma:mo:oma-dm-devdetail:1.0'] });
  });
});

describe('the DDF of a standard management object', () => {
  it.each([
    ['FUMO', fumoDdf],
    ['DevInfo', devinfoDdf],
    ['DevDetail', devdetailDdf],
  ])('reads without a warning, and is written and read again as it was: %s', (_, ddf) => {
    const read = readDdf(ddf);
    expect(read.warnings).toEqual([]);
    expect(readDdf(writeDdf(read))).toEqual(read);
  });
});
