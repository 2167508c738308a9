import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import { encode } from '../src/encode.ts';

function bytes(length: number, value: number): Uint8Array {
  return encode((encoder) => {
    for (let n = 0; n < length; n++) encoding.writeUint8(encoder, value);
  });
}

describe('encoding', () => {
  it('gives each its own bytes, whatever is encoded later', () => {
    const lengths = [0, 3, 99, 100, 101, 5_000, 70_000, 200_000, 3];
    const all = lengths.map((length, at) => bytes(length, at));
    expect(all).toEqual(lengths.map((length, at) => new Uint8Array(length).fill(at)));
  });

  it('may be done inside of encoding', () => {
    const outer = encode((encoder) => {
      encoding.writeUint8(encoder, 1);
      encoding.writeVarUint8Array(encoder, bytes(200, 7));
      encoding.writeUint8(encoder, 2);
    });
    expect(outer).toEqual(Uint8Array.of(1, 0xc8, 1, ...bytes(200, 7), 2));
  });

  it('goes on after an exception', () => {
    const fail = () =>
      encode((encoder) => {
        encoding.writeUint8(encoder, 9);
        throw new RangeError('not this');
      });
    expect(fail).toThrow('not this');
    expect(bytes(2, 3)).toEqual(Uint8Array.of(3, 3));
  });
});
