import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/tree/command.ts';
import type { Schema } from '../../src/tree/schema.ts';
import type { Status } from '../../src/tree/status.ts';
import type { Subtree } from '../../src/tree/subtree.ts';
import { NO_LIMITS } from '../../src/tree/uri.ts';
import { World } from './commands/world.ts';
import { interior, leaf, ONE } from './schemas.ts';

const SCHEMA: Schema = {
  root: interior('x', [
    leaf('Hidden', 'chr', { occurrence: ONE, access: [] }),
    leaf('State', 'int', { occurrence: ONE, access: ['Get'] }),
    interior('Secret', [], { occurrence: ONE, access: ['Replace'] }),
    leaf('PkgName', 'chr'),
    leaf('Guarded leaf', 'chr', { access: ['Get', 'Delete'] }),
    interior('Typed', [], { types: ['urn:example:mo:typed:1.0'] }),
    interior('Slots', [leaf(undefined, 'int', { access: ['Get'], occurrence: { min: 0, max: 1 } })]),
    interior('Open', [leaf(undefined, 'int', { occurrence: { min: 0, max: 1 } })]),
    interior('Shut', [leaf(undefined, 'int', { occurrence: { min: 0, max: 1 } }), leaf('Known', 'chr')]),
    interior('Named', [leaf('Known', 'chr')], { occurrence: ONE }),
    interior('Foreign', [leaf(undefined, 'int', { occurrence: { min: 0, max: 2 } })]),
    interior('Times', [leaf(undefined, 'date', { types: ['text/plain'] })]),
  ]),
};

/** In which nearly every command meets two obstacles. */
function setUp(): World {
  const world = new World('Add=*&Get=s', SCHEMA);
  const granted = 'Add=s&Delete=s&Exec=s&Get=s&Replace=s';
  world.have('./text', 'chr', 'x');
  world.have('./closed/leaf');
  for (const name of ['Slots', 'Open', 'Shut', 'Times']) world.have(`./M/${name}`, 'node');
  world.have('./M/Guarded leaf');
  world.have('./M/PkgName');
  for (const name of ['Slots', 'Open', 'Shut']) world.have(`./M/${name}/1`, 'int');
  for (const name of ['1', 'closed']) world.have(`./M/Foreign/${name}`, 'int');
  for (const uri of ['./M', './text']) world.setAcl(uri, granted);
  world.setAcl('./M/Foreign/closed', 'Get=*');
  for (const uri of ['./closed', './M/Hidden', './M/Shut', './M/Named']) world.setAcl(uri, 'Exec=a');
  const foreign = world.mo.root.child('Foreign');
  if (foreign !== undefined) world.mo.root.foreign.add(foreign);
  return world;
}

const LEAF: Subtree = { kind: 'leaf', data: 'x' };
const NO_DATA: Subtree = { kind: 'leaf', title: 'T' };
const NAMELESS: Subtree = { kind: 'interior', children: [{ name: '', ...LEAF }] };

const add = (target: string, data = ''): Command => ({ type: 'Add', target, data });
const replace = (target: string, data: string): Command => ({ type: 'Replace', target, data });
const empty = (target: string): Command => ({ type: 'Replace', target });
const nothing = (target: string): Command => ({ type: 'Replace', target, subtree: { kind: 'unstated' } });
const remove = (target: string): Command => ({ type: 'Delete', target });
const get = (target: string): Command => ({ type: 'Get', target });
const exec = (target: string): Command => ({ type: 'Exec', target });
const copy = (source: string, target: string): Command => ({ type: 'Copy', source, target });

/** What fails, in the order of the checks; the command; the answer. */
const TABLE: readonly [string, Command, Status][] = [
  ['target missing; source no URI', copy('/x', ''), 412],
  ['source missing; target no URI', copy('', '/x'), 412],
  ['too long; no URI', get(`./${'x'.repeat(60)}/`), 414],
  ['no URI; property unsupported', get('.//x?prop=Foo'), 500],
  ['no URI; property not replaceable', replace('.//x?prop=Size', 'x'), 500],
  ['no URI; no Data', empty('.//x'), 500],
  ['property unsupported; no such node', get('./none?prop=Foo'), 406],
  ['property unsupported; no Data', empty('./M?prop=Foo'), 406],
  ['property not replaceable; no Data', empty('./M?prop=Size'), 405],
  ['property never deleted; no such node', remove('./none?prop=Name'), 405],
  ['property never added; node exists', add('./M?prop=Name'), 405],
  ['property never executed; no such node', exec('./none?prop=Name'), 405],
  ['property never copied; no such node', copy('./none', './none?prop=Name'), 405],
  ['the root; not granted', remove('.'), 405],
  ['no Data; no such node', empty('./none'), 412],
  ['no Data; not granted', empty('./closed'), 412],
  ['no Data in the subtree; no such node', { type: 'Replace', target: './none', subtree: NO_DATA }, 412],
  ['no Data in the subtree; not granted', { type: 'Replace', target: './closed', subtree: NO_DATA }, 412],
  ['no such node; not granted', get('./closed/none'), 404],
  ['no such node; not granted', remove('./closed/none'), 404],
  ['no such node; not granted', exec('./closed/none'), 404],
  ['no such node; not granted', replace('./closed/none', 'x'), 404],
  ['no such source; target not granted', copy('./none', './closed'), 404],
  ['target below a leaf; source not granted', copy('./closed', './text/x'), 405],
  ['node exists; not granted', add('./closed/leaf'), 418],
  ['parent a leaf; not granted', add('./closed/leaf/x'), 405],
  ['not granted; AccessType', get('./M/Hidden'), 425],
  ['not granted; AccessType', replace('./M/Hidden', 'x'), 425],
  ['not granted; AccessType', copy('./M/Hidden', './text'), 425],
  ['not granted; AccessType', copy('./text', './M/Hidden'), 425],
  ['not granted; AccessType', exec('./M/Hidden'), 425],
  ['not granted; unknown to the schema', copy('./text', './M/Named/x'), 425],
  ['not granted; another kind', { type: 'Replace', target: './closed', subtree: LEAF }, 425],
  ['not granted; a name that is none', { type: 'Add', target: './M/Named/x', subtree: NAMELESS }, 425],
  ['not granted; nothing stated of a leaf', nothing('./closed/leaf'), 425],
  ['no Data in the subtree; AccessType', { type: 'Replace', target: './M/State', subtree: NO_DATA }, 412],
  ['nothing stated of a leaf; AccessType', nothing('./M/State'), 412],
  ["nothing stated of a leaf; another VM's", nothing('./M/Foreign/1'), 412],
  ["another VM's; unknown to the schema", add('./M/Foreign/x'), 405],
  ["another VM's; Occurrence", add('./M/Foreign/2', '1'), 405],
  ["another VM's; form", replace('./M/Foreign/1', 'x'), 405],
  ["another VM's; not granted", replace('./M/Foreign/closed', '1'), 425],
  ["another VM's; Title too long", replace('./M/Foreign/1?prop=Title', 'x'.repeat(256)), 405],
  ["another VM's; no ACL", replace('./M/Foreign/1?prop=ACL', 'x'), 405],
  ["another VM's; no name", replace('./M/Foreign/1?prop=Name', '/'), 405],
  ["another VM's; the value does not fit", copy('./text', './M/Foreign/1'), 405],
  ['an interior source; Occurrence', copy('./M/Slots', './M/Open/2'), 405],
  ['not granted; required', remove('./M/Hidden'), 425],
  ['not granted; unknown to the schema', add('./M/Named/x'), 425],
  ['not granted; Occurrence', add('./M/Shut/2'), 425],
  ['not granted; an interior node', replace('./closed', 'x'), 425],
  ['not granted; Size of an interior node', get('./closed?prop=Size'), 425],
  ['AccessType; Occurrence', add('./M/Slots/2', '1'), 405],
  ['AccessType; form', replace('./M/State', 'x'), 405],
  ['AccessType; the value does not fit', copy('./text', './M/State'), 405],
  ['Occurrence; the value does not fit', copy('./text', './M/Open/2'), 420],
  ['Occurrence; a node below', { type: 'Add', target: './M/Open/2', subtree: NAMELESS }, 420],
  ['Occurrence; form', add('./M/Open/2', 'x'), 420],
  ['Occurrence; kind', { type: 'Add', target: './M/Open/2', meta: { format: 'node' } }, 420],
  ['Type; Data missing', { type: 'Add', target: './M/Times/1', meta: { type: 'text/xml' } }, 415],
  [
    'identifier; Data of an interior node',
    { type: 'Add', target: './M/Typed', meta: { format: 'node', type: 'urn:other' }, data: 'x' },
    415,
  ],
  ['ACL: not granted; syntax', replace('./closed/leaf?prop=ACL', 'x'), 425],
  ['ACL: not granted; the root', replace('.?prop=ACL', 'Get=*'), 425],
  ['Title: not granted; too long', replace('./closed?prop=Title', 'x'.repeat(256)), 425],
  ['Title: half a character; too long', replace('./text?prop=Title', `\ud800${'x'.repeat(256)}`), 400],
  ['Name: not granted; permanent', replace('./M/Hidden?prop=Name', 'x'), 425],
  ['Name: permanent; no name', replace('./M/State?prop=Name', '/'), 405],
  ['Name: AccessType; no name', replace('./M/Guarded leaf?prop=Name', '/'), 405],
  ['Name: no name; too long', replace('./text?prop=Name', `/${'x'.repeat(60)}`), 500],
  ['Name: too long; unknown to the schema', replace('./M/PkgName?prop=Name', 'x'.repeat(35)), 414],
  ['Name: another kind; taken', replace('./M/PkgName?prop=Name', 'State'), 405],
];

describe('of two checks that fail', () => {
  it.each(TABLE)('the earlier answers: %s', (_, command, status) => {
    const world = setUp();
    const before = world.dump();
    const limits = { ...NO_LIMITS, maxTotalLength: 60, maxSegmentLength: 30 };
    expect(world.byServer(command, limits).status).toBe(status);
    expect(world.dump()).toEqual(before);
  });
});
