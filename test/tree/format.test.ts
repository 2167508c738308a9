import { describe, expect, it } from 'vitest';
import { decodeBase64, isBase64 } from '../../src/tree/base64.ts';
import { checkData, isFormat, nullData } from '../../src/tree/format.ts';
import { type LeafFormat, sizeOf } from '../../src/tree/value.ts';
import { hasData, readData } from './data-folder.ts';

const GOOD: Readonly<Record<Exclude<LeafFormat, 'bin'>, readonly string[]>> = {
  int: ['0', '-1', '+7', '007', '2147483647', '-2147483648'],
  float: ['0', '123', '-123.456', '+1.2345e+3', '-1.2345e-03', '.5', '1E5', 'INF', '-INF', 'NaN'],
  bool: ['true', 'false'],
  date: [
    '2005',
    '2005-10',
    '200510',
    '2005-10-15',
    '20050125',
    '2005-258',
    '2005016',
    '2004-366',
    '2005-W02',
    '2005W15',
    '2005-W12-5',
    '2005W205',
    '2004-02-29',
    '2005-01-31',
    '2005-07-31',
    '2005-12-31',
    '2000-02-29',
    '2004-W53',
    '2020-W53-7',
  ],
  time: [
    '00',
    '23',
    '23:15',
    '2315',
    '23:15:25',
    '231525',
    '23:15:25Z',
    '231525Z',
    '23:15Z',
    '23:15:59+01:20',
    '23:15:59-01:20',
    '231559+0120',
    '23:15:25.5',
    '231525,25',
  ],
  b64: ['', 'AA==', 'AAA=', 'AAAA', 'AA\r\nAA', '+/9z'],
  null: [''],
  chr: ['', 'anything', '\u{1F600}'],
  xml: ['', '<a/>', 'not even xml'],
};

const BAD: Readonly<Record<Exclude<LeafFormat, 'bin'>, readonly string[]>> = {
  int: ['', ' ', '1 ', '1.0', '1e3', '0x10', '2147483648', '-2147483649', 'one', '--1', '१'],
  float: ['', '123.', '1+1', '.', '+', 'E', '1.2.3', '123.45E', '+1.3e_5', '++1', '1,5', '+INF', 'nan'],
  bool: ['', '0', '1', 'True', 'FALSE', 'yes'],
  date: [
    '',
    '05',
    '2005-1-10',
    '2005-00-10',
    '2005-13',
    '2005-10-00',
    '2005-10-32',
    '2005-02-29',
    '1900-02-29',
    '2005-04-31',
    '2005-06-31',
    '2005-09-31',
    '2005-11-31',
    '2005-000',
    '2005-366',
    '2005-W00',
    '2005-W53',
    '2021-W53',
    '2005-W12-8',
    '2005-W12-0',
    '2005-W125',
    '2005W12-5',
    '2005-1015',
    '2005-10-15T00:00',
    'today',
  ],
  time: [
    '',
    '5:63',
    '24:03',
    '24',
    '23:60',
    '23:15:60',
    '23:15:2',
    '231',
    '23:33:30+01',
    '23:33:30+0152',
    '233330+01:52',
    '23:33:30+01:52:23',
    '23:33:30+24:00',
    '23:33:30+01:60',
    '23:15:25z',
    '23:1525',
    'now',
  ],
  b64: ['A', 'AAA', 'AA=', 'A===', '=AAA', 'AA=A', 'AA=AAA==', 'AA-_', 'é'],
  null: [' ', 'null'],
  chr: ['\ud800'],
  xml: ['a\udc00'],
};

function each(
  table: Readonly<Record<string, readonly string[]>>,
): { readonly format: LeafFormat; readonly text: string }[] {
  return Object.entries(table).flatMap(([format, texts]) =>
    texts.map((text) => ({ format: format as LeafFormat, text })),
  );
}

describe('data of a format', () => {
  it.each(each(GOOD))('[M9] takes $text as $format', ({ format, text }) => {
    expect(checkData(format, text)).toBeUndefined();
  });

  it.each(each(BAD))('[M9] refuses $text as $format', ({ format, text }) => {
    expect(checkData(format, text)).toMatch(/^not /);
  });

  it('is bytes for bin, and text for every other', () => {
    expect(checkData('bin', Uint8Array.of(0, 255))).toBeUndefined();
    expect(checkData('bin', 'text')).toMatch(/bytes expected/);
    for (const format of Object.keys(GOOD) as (keyof typeof GOOD)[]) {
      expect(checkData(format, Uint8Array.of(48))).toMatch(/text expected/);
    }
  });

  it('says what is wrong, without repeating a long text', () => {
    expect(checkData('int', 'x'.repeat(1000))).toBe(
      `not a 32-bit signed decimal integer: '${'x'.repeat(40)}...'`,
    );
  });

  it('[I3] is a null value of its own format, but for date and time, which have none', () => {
    for (const format of ['b64', 'bin', 'bool', 'chr', 'float', 'int', 'null', 'xml'] as const) {
      expect(checkData(format, nullData(format))).toBeUndefined();
    }
    expect([nullData('date'), nullData('time')]).toEqual(['', '']);
    expect([nullData('int'), nullData('float'), nullData('bool')]).toEqual(['0', '0', 'false']);
  });

  it('has a size in bytes', () => {
    expect([sizeOf('abc'), sizeOf('é'), sizeOf(new Uint8Array(7)), sizeOf('')]).toEqual([3, 2, 7, 0]);
  });

  it('knows the names of the formats', () => {
    expect(isFormat('node') && isFormat('b64')).toBe(true);
    expect(isFormat('string') || isFormat('constructor') || isFormat('')).toBe(false);
  });
});

describe('base64', () => {
  it('is decoded to its bytes', () => {
    expect(decodeBase64('AAEC\n/w==')).toEqual(Uint8Array.of(0, 1, 2, 255));
    expect(decodeBase64('AA')).toBeUndefined();
  });

  it('is judged in one pass, however long', () => {
    expect(isBase64('A'.repeat(4_000_000))).toBe(true);
    expect(isBase64(`${'A'.repeat(3_999_999)}!`)).toBe(false);
  });
});

describe.skipIf(!hasData)('the answers recorded from a real engine (Motorola, DM 1.2)', () => {
  const FORMAT_OF = { f: 'float', d: 'date', t: 'time' } as const;
  const COMMAND = /^\] Cmd: (?:createl|set)([fdt]) \S+ (\S+)\n(.*)$/gm;

  it('[M9] are ours for every date, time and float', () => {
    const answers = readData('syncml/android-omadm/dm12/testoutput12').matchAll(COMMAND);
    let accepted = 0;
    let refused = 0;
    for (const [, letter, text = '', answer = ''] of answers) {
      const format = FORMAT_OF[letter as keyof typeof FORMAT_OF];
      const isRefused = answer.includes('DmtException: 415');
      expect([format, text, checkData(format, text) !== undefined]).toEqual([format, text, isRefused]);
      if (isRefused) refused++;
      else accepted++;
    }
    expect([accepted, refused]).toEqual([55, 56]);
  });
});
