import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Fault, faults, withFault } from './faults.ts';
import { hunt } from './hunt.ts';
import { faultTable, withTable } from './table.ts';
import { home, Workshop } from './workshop.ts';

const cheap = 'timestamp-stands-still';

describe('the deliberate faults', () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))('%s can be put in', async (_name, fault) => {
    const source = await readFile(join(home, fault.file), 'utf8');
    expect(withFault(fault, source)).not.toBe(source);
  });

  it('have names of their own', () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  });

  it('are told when what they replace is not there, or more than once', () => {
    const fault: Fault = {
      name: 'a',
      rule: 'D1',
      what: 'b',
      file: 'c.ts',
      text: 'x',
      replacement: 'y',
      checks: [],
    };
    expect(withFault(fault, 'a x b')).toBe('a y b');
    expect(() => withFault(fault, 'a b')).toThrow('a replaces what is 0 times in c.ts');
    expect(() => withFault(fault, 'x x')).toThrow('a replaces what is 2 times in c.ts');
  });
});

describe('the hunt for a fault', () => {
  it('finds one that many seeds show', async () => {
    await using workshop = await Workshop.open();
    const [fault] = faults.filter(({ name }) => name === cheap);
    expect(fault).toBeDefined();
    const caught = fault && (await hunt(workshop, fault, 20));
    expect(caught?.found?.message).toMatch(/^\[/);
  });

  it('ends with seeds that take too long, and has found nothing', async () => {
    await using workshop = await Workshop.open({ patienceMs: 1 });
    const [fault] = faults;
    const caught = fault && (await hunt(workshop, fault, 50));
    expect(caught).toEqual({ fault, found: undefined, others: [], givenUp: { first: 1, count: 20 } });
  });
});

describe('the table of faults', () => {
  const fault: Fault = {
    name: 'a',
    rule: 'D1',
    what: 'b',
    file: 'c.ts',
    text: 'x',
    replacement: 'y',
    checks: [],
  };

  it('quotes what was said, and says which were not found', () => {
    const found = { seed: 3, message: 'one | `other`' };
    const lines = faultTable([
      { fault, found, others: [], givenUp: undefined },
      { fault, found: undefined, others: [], givenUp: undefined },
    ]).split('\n');
    expect(lines.slice(2).map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      "| `a` | b | D1 | 3 | `one \\| 'other'` |",
      '| `a` | b | D1 | none | |',
      '',
    ]);
  });

  it('takes the place of the one before', () => {
    const document = 'x\n<!-- faults: begin -->\nold\n<!-- faults: end -->\ny\n';
    const written = withTable(document, 'new');
    expect(written).toBe('x\n<!-- faults: begin -->\n\nnew\n<!-- faults: end -->\ny\n');
    expect(withTable(written, 'new')).toBe(written);
    expect(() => withTable('x', 'new')).toThrow('no place for the table');
  });
});
