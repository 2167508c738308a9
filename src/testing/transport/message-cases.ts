import assert from 'node:assert/strict';
import type { Channel } from '../../transport.ts';
import { assertSameBytes, pattern } from '../bytes.ts';
import type { Case } from '../case.ts';
import { isPending } from '../patience.ts';
import { seededRandom } from '../random.ts';
import { rejectsWith } from '../rejection.ts';
import { type Bench, type ChannelReader, onBench, type TransportFixture } from './fixture.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** A send that has not resolved by then is taken for one that waits. */
const STALL_MS = 200;
/** No transport may take this much from a sender while nobody reads. */
const TOO_MUCH_UNREAD = 64 * MIB;

/** The laws about messages: whole, in order, both ways, of every size, held back when nobody reads. */
export const messageCases: readonly Case<TransportFixture>[] = [
  {
    law: 'CH1',
    sentence: 'delivers whole messages in the order of the sends, both ways',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        await transfer(bench, near, far, numbered(100, 40));
        await transfer(bench, far, near, numbered(100, 40));
        await bench.soon('the close', near.close());
        assert.equal((await bench.read(far).rest()).length, 0, 'messages that nobody sent');
        assert.equal((await bench.read(near).rest()).length, 0, 'messages that nobody sent');
      }),
  },
  {
    law: 'CH2',
    sentence: 'carries messages of every size from 0 bytes to maxMessageBytes, which is at least 32',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        assert.ok(Number.isInteger(near.maxMessageBytes) && near.maxMessageBytes >= 32, 'maxMessageBytes');
        const messages = sizesUpTo(near.maxMessageBytes).map((size, number) => pattern(number, size));
        await transfer(bench, near, far, messages);
        await transfer(bench, far, near, messages);
      }),
  },
  {
    law: 'CH3',
    sentence: 'refuses a larger message with message-too-large and stays usable',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const tooLarge = new Uint8Array(near.maxMessageBytes + 1);
        await rejectsWith('message-too-large', bench.soon('the refusal', near.send(tooLarge)));
        await transfer(bench, near, far, numbered(3, 10));
        await transfer(bench, far, near, numbered(3, 10));
      }),
  },
  {
    law: 'CH4',
    sentence: 'carries bulk both ways at once',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const bulk = numbered(200, limited(near, 64 * KIB));
        await Promise.all([transfer(bench, near, far, bulk), transfer(bench, far, near, bulk)]);
      }),
  },
  {
    law: 'CH5',
    sentence: 'gives the bytes back to the sender when send has resolved',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const size = limited(near, 64 * KIB);
        const sending = sendFromOneArray(near, 200, size);
        await isPending(sending, STALL_MS);
        const reader = bench.read(far);
        for (let number = 0; number < 200; number++) {
          assertSameBytes(await reader.next(), pattern(number, size), `message ${number}`);
        }
        await bench.soon('the sends', sending);
      }),
  },
  {
    law: 'CH6',
    sentence: 'lets a send wait while nobody reads, and go on when somebody does',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const size = limited(near, 64 * KIB);
        const { count, last } = await sendUntilOneWaits(near, size);
        const reader = bench.read(far);
        for (let number = 0; number < count; number++) {
          assertSameBytes(await reader.next(), pattern(number, size), `message ${number}`);
        }
        await bench.soon('the send that waited', last);
      }),
  },
  {
    law: 'CH7',
    sentence: 'gives the reader arrays of its own',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const original = Buffer.from(pattern(1, 1000));
        const reader = bench.read(far);
        const received: Uint8Array[] = [];
        for (let i = 0; i < 20; i++) {
          await bench.soon('a send', near.send(original));
          received.push(await reader.next());
        }
        received[0]?.fill(0xee);
        assertSameBytes(original, pattern(1, 1000), 'the sender’s array after the reader wrote into its own');
        for (const copy of received.slice(1)) assertSameBytes(copy, original, 'another received array');
      }),
  },
  {
    law: 'CH8',
    sentence: 'carries messages of random sizes both ways at once (seeded)',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        for (const seed of [1, 2, 3]) {
          const there = randomMessages(seed, limited(near, 70_000));
          const back = randomMessages(seed + 1000, limited(far, 70_000));
          await Promise.all([transfer(bench, near, far, there), transfer(bench, far, near, back)]);
        }
      }),
  },
  {
    law: 'CH9',
    sentence: 'keeps channels apart',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const pairs: { near: Channel; far: Channel }[] = [];
        for (let i = 0; i < (fixture.channelsAtOnce ?? 8); i++) pairs.push(await bench.connect());
        await Promise.all(
          pairs.map(async ({ near, far }, i) => {
            const messages = numbered(50, 100 + i);
            await transfer(bench, near, far, messages);
            await transfer(bench, far, near, messages);
          }),
        );
      }),
  },
];

/** Sends all at once from one end, reads at the other, and compares. */
export async function transfer(
  bench: Bench,
  from: Channel,
  to: Channel,
  messages: readonly Uint8Array[],
): Promise<void> {
  const sending = Promise.all(messages.map((message) => from.send(message)));
  await Promise.all([bench.soon('the sends', sending), expectMessages(bench.read(to), messages)]);
}

/** Asserts that these messages come next. */
export async function expectMessages(reader: ChannelReader, messages: readonly Uint8Array[]): Promise<void> {
  for (const [number, message] of messages.entries()) {
    assertSameBytes(await reader.next(), message, `message ${number}`);
  }
}

/** So many different messages of one size. */
export function numbered(count: number, size: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => pattern(number, size));
}

/** The size, or the channel's limit where that is smaller. */
export function limited(channel: Channel, size: number): number {
  return Math.min(size, channel.maxMessageBytes);
}

/** Sends without a reader until a send waits; returns how many were sent, and the one that waits. */
export async function sendUntilOneWaits(
  channel: Channel,
  size: number,
): Promise<{ readonly count: number; readonly last: Promise<void> }> {
  for (let count = 1; count * size <= TOO_MUCH_UNREAD; count++) {
    const last = channel.send(pattern(count - 1, size));
    if (await isPending(last, STALL_MS)) return { count, last };
  }
  return assert.fail(`${TOO_MUCH_UNREAD} bytes were taken while nobody read`);
}

async function sendFromOneArray(channel: Channel, count: number, size: number): Promise<void> {
  // A Buffer: its slice shares memory where Uint8Array's copies, which has misled more than one adapter.
  const array = Buffer.alloc(size);
  for (let number = 0; number < count; number++) {
    array.set(pattern(number, size));
    await channel.send(array);
    array.fill(0xee);
  }
}

/** Round numbers of the protocols that carry messages, and the limit itself where it is not huge. */
function sizesUpTo(limit: number): number[] {
  const sizes = [0, 1, 125, 126, 127, 4 * KIB, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB + 1, 0];
  return [...sizes, limit].filter((size) => size <= Math.min(limit, 64 * MIB));
}

function randomMessages(seed: number, maxSize: number): Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: 150 }, (_, number) => pattern(number, Math.floor(random() ** 3 * maxSize)));
}
