import { readDdf } from 'virmo-sync/ddf';
import { describe, expect, it } from 'vitest';

const text = (encoding: string, title = 'Größe'): string =>
  `<?xml version="1.0" encoding='${encoding}'?>\n<MgmtTree><VerDTD>1.2</VerDTD>\n<Man>${title}</Man>\n<Node/></MgmtTree>`;

describe('the bytes of a document', () => {
  it('are UTF-8 where nothing says otherwise, with a byte order mark or without', () => {
    const bare = text('x').replace(/^.*\n/, '');
    expect(readDdf(new TextEncoder().encode(bare)).man).toBe('Größe');
    expect(readDdf(new TextEncoder().encode(`\ufeff${bare}`)).man).toBe('Größe');
    expect(readDdf(new TextEncoder().encode(text('UTF-8'))).man).toBe('Größe');
    expect(readDdf(new TextEncoder().encode(`\ufeff${text('ISO-8859-1')}`)).man).toBe('Größe');
  });

  it('are UTF-16 where a byte order mark or the first bytes show it', () => {
    for (const mark of ['\ufeff', '']) {
      for (const littleEndian of [true, false]) {
        expect(readDdf(utf16(mark + text('UTF-16'), littleEndian)).man).toBe('Größe');
      }
    }
  });

  it('are ISO 8859-1 where the XML declaration says so, and not Windows-1252', () => {
    expect(readDdf(latin1(text('ISO-8859-1'))).man).toBe('Größe');
    expect(readDdf(latin1(text('iso-8859-1', '\u0080'))).man).toBe('\u0080');
  });

  it('are US-ASCII where the XML declaration says so, and then nothing else', () => {
    expect(readDdf(latin1(text('US-ASCII', 'size'))).man).toBe('size');
    expect(() => readDdf(latin1(text('US-ASCII')))).toThrow('line 3: the bytes are not US-ASCII');
  });

  it('are refused, with the line, where they are not what they claim', () => {
    expect(() => readDdf(latin1(text('UTF-8')))).toThrow('line 3: the bytes are not UTF-8');
    expect(() => readDdf(latin1(`${text('UTF-8').slice(0, 60)}\xc3`))).toThrow(
      /line 2: the bytes are not UTF-8/,
    );
    expect(() => readDdf(utf16('\ufeff<a>\n\ud800</a>', true))).toThrow('line 2: the bytes are not UTF-16LE');
  });

  it('are refused in an encoding that is not read, by its name', () => {
    expect(() => readDdf(latin1(text('Shift_JIS')))).toThrow(
      'line 1: the encoding shift_jis is not read; UTF-8 and UTF-16 are',
    );
  });

  it('are refused where they are declared as UTF-16 and are not', () => {
    expect(() => readDdf(latin1(text('UTF-16', 'size')))).toThrow(
      'line 1: the declaration says UTF-16, but the bytes are not',
    );
  });

  it('do not matter where the document is text already', () => {
    expect(readDdf(text('Shift_JIS')).man).toBe('Größe');
    expect(readDdf(`\ufeff${text('UTF-16')}`).man).toBe('Größe');
  });
});

function utf16(content: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(content.length * 2));
  for (let index = 0; index < content.length; index++) {
    view.setUint16(index * 2, content.charCodeAt(index), littleEndian);
  }
  return new Uint8Array(view.buffer);
}

function latin1(content: string): Uint8Array {
  return Uint8Array.from(content, (character) => character.charCodeAt(0));
}
