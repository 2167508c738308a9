import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/wire/codec.ts';
import { crc32 } from '../../src/wire/crc32.ts';
import { encodeFrames, FrameReader, frameOverhead } from '../../src/wire/frame.ts';
import { goldenFrames, toHex } from './golden.ts';
import { samples } from './samples.ts';

const malformed = expect.objectContaining({ name: 'VirmoError', code: 'message-malformed' });
const tooLarge = expect.objectContaining({ name: 'VirmoError', code: 'message-too-large' });

describe('frames', () => {
  it('have the bytes written down', () => {
    expect(encodeFrames(encodeMessage({ type: 'ping' }), 65_536).map(toHex)).toEqual(goldenFrames.ping);
    const welcome = encodeMessage({ type: 'welcome', version: 1, vm: 'device' });
    expect(encodeFrames(welcome, 9).map(toHex)).toEqual(goldenFrames.welcomeInNines);
  });

  it('are a byte of flags, the payload, and the CRC-32 of both, little endian', () => {
    const [frame = new Uint8Array(0)] = encodeFrames(Uint8Array.of(1, 2, 3), 100);
    const checksum = crc32(Uint8Array.of(0, 1, 2, 3));
    expect([...frame.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
    expect(new DataView(frame.buffer).getUint32(4, true)).toBe(checksum);
    expect(frame.length).toBe(3 + frameOverhead);
  });

  it('give back every message, whatever the channel takes at a time', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: frameOverhead + 1, max: 600 }),
        (message, maxFrameBytes) => {
          const frames = encodeFrames(message, maxFrameBytes);
          expect(frames.every((frame) => frame.length <= maxFrameBytes)).toBe(true);
          expect(toHex(reassemble(frames))).toBe(toHex(message));
        },
      ),
    );
  });

  it('of several messages follow each other', () => {
    const reader = new FrameReader(1_000);
    const frames = [[1, 2, 3, 4, 5], [], [6], [7, 8, 9, 10]].flatMap((bytes) =>
      encodeFrames(Uint8Array.from(bytes), frameOverhead + 2),
    );
    const read = frames.map((frame) => reader.read(frame)).filter((message) => message !== undefined);
    expect(read.map((message) => [...message])).toEqual([[1, 2, 3, 4, 5], [], [6], [7, 8, 9, 10]]);
  });

  it('are read the same from the middle of a larger buffer', () => {
    const [frame = new Uint8Array(0)] = encodeFrames(Uint8Array.of(9, 8, 7), 100);
    const buffer = new Uint8Array(100).fill(0xee);
    buffer.set(frame, 13);
    expect(new FrameReader(100).read(buffer.subarray(13, 13 + frame.length))).toEqual(Uint8Array.of(9, 8, 7));
  });

  it('need room for a byte', () => {
    expect(() => encodeFrames(Uint8Array.of(1), frameOverhead)).toThrow(RangeError);
    expect(encodeFrames(Uint8Array.of(1, 2), frameOverhead + 1)).toHaveLength(2);
  });

  it('a message that was put together stays as it is while the next is read', () => {
    const reader = new FrameReader(1_000);
    const [first, second] = [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(2, 2, 2, 2)].map((message) =>
      encodeFrames(message, frameOverhead + 3)
        .map((frame) => reader.read(frame))
        .at(-1),
    );
    expect([first, second]).toEqual([Uint8Array.of(1, 1, 1, 1), Uint8Array.of(2, 2, 2, 2)]);
  });
});

describe('[Y7] what is no frame is refused with message-malformed:', () => {
  const frames = samples.flatMap((message) => encodeFrames(encodeMessage(message), 60));

  it('a frame cut short anywhere', () => {
    for (const frame of frames) {
      for (let length = 0; length < frame.length; length++) {
        expect(() => new FrameReader(1_000).read(frame.slice(0, length))).toThrow(malformed);
        expect(() => new FrameReader(1_000).read(frame.subarray(0, length))).toThrow(malformed);
      }
    }
  });

  it('a frame with a bit that is flipped, whichever', () => {
    for (const frame of frames) {
      for (let bit = 0; bit < 8 * frame.length; bit++) {
        const flipped = frame.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => new FrameReader(1_000).read(flipped)).toThrow(malformed);
      }
    }
  });

  it.each([2, 3, 0x80, 0xff])('a frame with flags %d', (flags) => {
    expect(() => new FrameReader(1_000).read(sealed(flags, [1]))).toThrow(malformed);
  });

  it('a frame that says more follow, and brings nothing: a flood of them would fill the memory', () => {
    expect(() => new FrameReader(1_000).read(sealed(1, []))).toThrow(malformed);
  });

  it('anything random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => new FrameReader(1_000).read(bytes)).toThrow(malformed);
      }),
    );
  });
});

describe('[Y6] a message is never larger than was agreed:', () => {
  it('in one frame', () => {
    const reader = new FrameReader(4);
    expect(reader.read(sealed(0, [1, 2, 3, 4]))).toHaveLength(4);
    expect(() => reader.read(sealed(0, [1, 2, 3, 4, 5]))).toThrow(tooLarge);
  });

  it('in several frames', () => {
    const reader = new FrameReader(4);
    reader.read(sealed(1, [1, 2]));
    reader.read(sealed(1, [3, 4]));
    expect(() => reader.read(sealed(0, [5]))).toThrow(tooLarge);
  });

  it('until more is agreed', () => {
    const reader = new FrameReader(4);
    reader.maxMessageBytes = 5;
    expect(reader.read(sealed(0, [1, 2, 3, 4, 5]))).toHaveLength(5);
  });

  it('and takes no more memory than that, however small the frames are', () => {
    const reader = new FrameReader(16_777_216);
    const frame = sealed(1, [7]);
    const before = memory();
    for (let count = 0; count < 1_000_000; count++) reader.read(frame);
    expect(memory() - before).toBeLessThan(60_000_000);
    expect(reader.read(sealed(0, [8]))).toHaveLength(1_000_001);
  });
});

function reassemble(frames: readonly Uint8Array[]): Uint8Array {
  const reader = new FrameReader(10_000);
  const read = frames.map((frame) => reader.read(frame));
  expect(read.slice(0, -1).every((message) => message === undefined)).toBe(true);
  const last = read.at(-1);
  if (last === undefined) throw new Error('the last frame completed nothing');
  return last;
}

/** A frame with any flags and the right checksum. */
function sealed(flags: number, payload: readonly number[]): Uint8Array {
  const frame = Uint8Array.from([flags, ...payload, 0, 0, 0, 0]);
  new DataView(frame.buffer).setUint32(payload.length + 1, crc32(frame, payload.length + 1), true);
  return frame;
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
