import { describe, expect, it } from 'vitest';
import { formatAcl } from '../../src/tree/acl.ts';
import type { Command, Meta } from '../../src/tree/command.ts';
import { executeCommand } from '../../src/tree/execute.ts';
import { Forest } from '../../src/tree/forest.ts';
import { isFormat } from '../../src/tree/format.ts';
import { readAcl } from '../../src/tree/rights.ts';
import { hasData, readData } from './data-folder.ts';
import { PlainTree } from './plain-tree.ts';

/** Where ours is another answer than libdmclient's, by CmdID. */
const DIFFERENT: ReadonlyMap<string, number> = new Map([
  ['12', 200], // Get ?prop=VerNo: it does not support that property
  ['13', 200], // Get ?list=Struct: nor that list
  ['16', 200], // Replace ?prop=Name: nor renaming
  ['18', 405], // Delete of the root: 405 by the specification, whatever the ACL says
  ['20', 404], // Exec of the leaf that was renamed here
  ['21', 404], // Copy of it
]);

/** What the engine's tree had for these commands. */
function setUp(): Forest {
  const forest = new Forest(new PlainTree());
  const add = (target: string, format: 'node' | 'chr') =>
    executeCommand({ type: 'Add', target, meta: { format } }, forest);
  add('./Vendor/memory', 'node');
  add('./DevInfo/Man', 'chr');
  for (const leaf of ['./DMAcc/secret/AppID', './DMAcc/test/AppAuth/toclient/AAuthSecret']) {
    add(leaf, 'chr');
    executeCommand({ type: 'Replace', target: `${leaf}?prop=ACL`, data: 'Get=another' }, forest);
  }
  return forest;
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function readCommand(type: string, xml: string): Command {
  const target = /<Target><LocURI>(.*?)<\/LocURI>/.exec(xml)?.[1] ?? '';
  const source = /<Source><LocURI>(.*?)<\/LocURI>/.exec(xml)?.[1] ?? '';
  const data = unescapeXml(/<Data>(.*?)<\/Data>/.exec(xml)?.[1] ?? '');
  const format = /<Format[^>]*>(.*?)</.exec(xml)?.[1] ?? '';
  const contentType = /<Type[^>]*>(.*?)</.exec(xml)?.[1];
  const meta: Meta = {
    ...(isFormat(format) && { format }),
    ...(contentType !== undefined && { type: contentType }),
  };
  switch (type) {
    case 'Add':
    case 'Replace':
      return { type, target, meta, data };
    case 'Copy':
      return { type, source, target };
    case 'Delete':
    case 'Exec':
    case 'Get':
      return { type, target };
    default:
      throw new Error(`no command: ${type}`);
  }
}

describe.skipIf(!hasData)('the answers recorded from libdmclient', () => {
  it('are ours, but for those that are listed', () => {
    const request = readData('oracle/libdmclient/request-01.xml');
    const response = readData('oracle/libdmclient/response-01.xml');
    const recorded = new Map(
      [...response.matchAll(/<CmdRef>(\d+)<\/CmdRef><Cmd>(?:(?!<Status>).)*?<Data>(\d+)<\/Data>/g)].map(
        ([, id = '', status]) => [id, Number(status)],
      ),
    );
    const forest = setUp();
    let compared = 0;
    for (const [, type = '', id = '', xml = ''] of request.matchAll(
      /<(Add|Replace|Get|Delete|Exec|Copy)><CmdID>(\d+)<\/CmdID>(.*?)<\/\1>/gs,
    )) {
      const command = readCommand(type, xml);
      const outcome = executeCommand(command, forest, { server: 'funambol' });
      expect([id, command, outcome.status]).toEqual([id, command, DIFFERENT.get(id) ?? recorded.get(id)]);
      if (id === '10') expect(outcome.results?.[0]?.data).toBe('two');
      if (id === '11') {
        // The engine's order of commands is another.
        const theirs = /<!\[CDATA\[(.*?)\]\]>/.exec(response)?.[1] ?? '';
        expect(outcome.results?.[0]?.data).toBe(formatAcl(readAcl(theirs)));
      }
      compared++;
    }
    expect(compared).toBe(23);
  });
});
