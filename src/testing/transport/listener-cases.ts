import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { rejectsWith } from '../rejection.ts';
import { onBench, type TransportFixture } from './fixture.ts';
import { numbered, transfer } from './message-cases.ts';

const PEER_KINDS = ['none', 'address', 'certificate', 'path', 'cid'];

/** The laws about listening and dialling. */
export const listenerCases: readonly Case<TransportFixture>[] = [
  {
    law: 'LI1',
    sentence: 'yields each dialled channel once',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const count = fixture.channelsAtOnce ?? 8;
        const dialled = await Promise.all(Array.from({ length: count }, () => bench.dial()));
        for (const [number, channel] of dialled.entries()) await channel.send(Uint8Array.of(number));
        const seen = new Set<number | undefined>();
        for (let i = 0; i < count; i++) seen.add((await bench.read(await bench.accept()).next())[0]);
        assert.equal(seen.size, count, 'each channel was accepted once');
      }),
  },
  {
    law: 'LI2',
    sentence: 'ends when the listener is closed, and leaves accepted channels open',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const ended = bench.acceptEnd();
        await bench.soon('the close', bench.listener.close());
        await ended;
        await bench.acceptEnd();
        await transfer(bench, near, far, numbered(3, 100));
        await transfer(bench, far, near, numbered(3, 100));
      }),
  },
  {
    law: 'LI3',
    sentence: 'may be closed again, and is closed by disposal',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { listener } = bench;
        await bench.soon('the closes', Promise.all([listener.close(), listener[Symbol.asyncDispose]()]));
        await bench.soon('a late close', listener.close());
        await bench.acceptEnd();
      }),
  },
  {
    law: 'LI4',
    sentence: 'has an address, and its channels a peer',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        assert.ok(bench.listener.address.length > 0, 'address');
        const { near, far } = await bench.connect();
        for (const { peer } of [near, far]) assert.ok(PEER_KINDS.includes(peer.kind), peer.kind);
      }),
  },
  {
    law: 'DI1',
    sentence: 'rejects a dial with channel-failed when nobody listens',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        await bench.soon('the close', bench.listener.close());
        await rejectsWith('channel-failed', bench.soon('the refusal', bench.dialer.dial()));
      }),
  },
  {
    law: 'DI2',
    sentence: 'rejects a dial with the signal’s reason when that aborts first',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const reason = new Error('changed my mind');
        const before = bench.dialer.dial({ signal: AbortSignal.abort(reason) });
        await assert.rejects(bench.soon('the refusal', before), (error) => error === reason);
        const controller = new AbortController();
        const during = bench.dialer.dial({ signal: controller.signal });
        controller.abort(reason);
        await assert.rejects(bench.soon('the refusal', during), (error) => error === reason);
      }),
  },
  {
    law: 'DI3',
    sentence: 'leaves a channel alone when the signal aborts after the dial',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const controller = new AbortController();
        const near = await bench.soon('a dial', bench.dialer.dial({ signal: controller.signal }));
        const far = await bench.accept();
        controller.abort(new Error('too late'));
        await transfer(bench, near, far, numbered(3, 100));
        await bench.soon('the close', near.close());
      }),
  },
];
