import fc from 'fast-check';
import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, maxCredentialsLength, maxNameLength } from '../../src/wire/codec.ts';
import type { Message } from '../../src/wire/message.ts';
import { messages } from './arbitraries.ts';
import { fromHex, goldenMessages, toHex } from './golden.ts';
import { samples } from './samples.ts';

const malformed = expect.objectContaining({ name: 'VirmoError', code: 'message-malformed' });

describe('the bytes of messages', () => {
  it.each(samples)('of a $type are those written down', (message) => {
    expect(toHex(encodeMessage(message))).toBe(goldenMessages[message.type]);
  });

  it.each(samples)('give back a $type', (message) => {
    expect(decodeMessage(fromHex(goldenMessages[message.type]))).toEqual(message);
  });

  it('give back every message', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  it('have one form: bytes that decode are those that the message encodes to, whatever bit is flipped', () => {
    for (const bytes of samples.map(encodeMessage)) {
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = flipBit(bytes, bit);
        const message = decodeOrRefuse(flipped);
        if (message === undefined || hasUnknownCode(flipped, message)) continue;
        expect(toHex(encodeMessage(message))).toBe(toHex(flipped));
      }
    }
  });

  it('are read the same from the middle of a larger buffer', () => {
    for (const message of samples) expect(decodeMessage(inside(encodeMessage(message)))).toEqual(message);
  });
});

describe('[Y7] what is no message is refused with message-malformed:', () => {
  it('nothing at all', () => {
    expect(() => decodeMessage(new Uint8Array(0))).toThrow(malformed);
  });

  it.each(samples)('a $type cut short anywhere', (message) => {
    const bytes = encodeMessage(message);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeMessage(bytes.slice(0, length))).toThrow(malformed);
      expect(() => decodeMessage(inside(bytes.subarray(0, length)))).toThrow(malformed);
    }
  });

  it.each(samples)('a $type with a byte after its end', (message) => {
    expect(() => decodeMessage(Uint8Array.from([...encodeMessage(message), 0]))).toThrow(malformed);
  });

  it.each([14, 15, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER])('a message of type %d', (type) => {
    expect(() => decodeMessage(written((out) => encoding.writeVarUint(out, type)))).toThrow(malformed);
  });

  it('a hello of another protocol', () => {
    const hello = encodeMessage({
      type: 'hello',
      minVersion: 1,
      maxVersion: 1,
      vm: 'a',
      credentials: '',
      process: 1,
      dial: 1,
    });
    hello[2] = 'V'.charCodeAt(0);
    expect(() => decodeMessage(hello)).toThrow(malformed);
  });

  it.each(['vm', 'credentials'] as const)('a hello whose %s is too long', (field) => {
    const limit = field === 'vm' ? maxNameLength : maxCredentialsLength;
    const hello = (length: number): Message => ({
      type: 'hello',
      minVersion: 1,
      maxVersion: 1,
      vm: 'a',
      credentials: '',
      process: 1,
      dial: 1,
      [field]: 'x'.repeat(length),
    });
    expect(decodeMessage(encodeMessage(hello(limit)))).toEqual(hello(limit));
    expect(() => decodeMessage(encodeMessage(hello(limit + 1)))).toThrow(malformed);
  });

  it('a text that is no UTF-8', () => {
    const bytes = encodeMessage({ type: 'welcome', version: 1, vm: 'device' });
    bytes[bytes.length - 1] = 0xff;
    expect(() => decodeMessage(bytes)).toThrow(malformed);
  });

  it('a number longer than it need be', () => {
    expect(() => decodeMessage(Uint8Array.of(1, 0x81, 0x00, 0))).toThrow(malformed);
    expect(() => decodeMessage(Uint8Array.of(0x87, 0x00))).toThrow(malformed);
  });

  it('a number beyond 2^53 - 1', () => {
    const beyond = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    expect(() => decodeMessage(Uint8Array.from([1, ...beyond, 0]))).toThrow(malformed);
    expect(() => decodeMessage(Uint8Array.from([1, ...Array(30).fill(0xff), 0]))).toThrow(malformed);
  });

  it('bytes and texts that are said to be longer than the message, wherever it lies in memory', () => {
    for (const length of [3, 4, 200, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const branch = written((out) => {
        for (const number of [5, 1, length]) encoding.writeVarUint(out, number);
        encoding.writeUint8(out, 0);
        encoding.writeUint8(out, 0);
      });
      const welcome = written((out) => {
        for (const number of [1, 1, length]) encoding.writeVarUint(out, number);
        encoding.writeUint8(out, 0x61);
        encoding.writeUint8(out, 0x61);
      });
      for (const bytes of [branch, welcome, inside(branch), inside(welcome)]) {
        expect(() => decodeMessage(bytes)).toThrow(malformed);
      }
    }
  });

  it('lists that are said to be longer than the message, without taking memory for them', () => {
    const before = process.memoryUsage().heapUsed;
    for (const count of [1, 2, 100, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const news = written((out) => {
        for (const number of [6, 1, 0, 1, 1, 1, count]) encoding.writeVarUint(out, number);
      });
      expect(() => decodeMessage(news)).toThrow(malformed);
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  });

  it('anything random, for no other reason', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeOrRefuse(new Uint8Array(bytes));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a code that this version does not know', () => {
  it('in a bye stands for a closed channel', () => {
    const bytes = withCode('bye', 'from-the-future');
    expect(decodeMessage(bytes)).toEqual({ type: 'bye', code: 'channel-closed', reason: '' });
  });

  it('in a closed stands for a management object that is not served', () => {
    const bytes = withCode('closed', 'toString');
    expect(decodeMessage(bytes)).toEqual({ type: 'closed', channel: 1, code: 'mo-unknown', reason: '' });
  });
});

function withCode(type: 'bye' | 'closed', code: string): Uint8Array {
  return written((out) => {
    encoding.writeVarUint(out, type === 'bye' ? 9 : 4);
    if (type === 'closed') encoding.writeVarUint(out, 1);
    encoding.writeVarString(out, code);
    encoding.writeVarString(out, '');
  });
}

function written(write: (out: encoding.Encoder) => void): Uint8Array {
  const out = encoding.createEncoder();
  write(out);
  return encoding.toUint8Array(out);
}

/** The bytes with others before and behind them, as in a socket's buffer. */
function inside(bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 600).fill(0x61);
  buffer.set(bytes, 300);
  return buffer.subarray(300, 300 + bytes.length);
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

/** `undefined` when it is refused; anything else than `message-malformed` is thrown on. */
function decodeOrRefuse(bytes: Uint8Array): Message | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    expect(error).toEqual(malformed);
    return undefined;
  }
}

function hasUnknownCode(bytes: Uint8Array, message: Message): boolean {
  if (message.type !== 'bye' && message.type !== 'closed') return false;
  return !Buffer.from(bytes).includes(message.code);
}
