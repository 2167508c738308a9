import assert from 'node:assert/strict';
import { VirmoError } from '../../errors.ts';
import type { Channel, CloseReason } from '../../transport.ts';
import type { Case } from '../case.ts';
import { PATIENCE_MS, within } from '../patience.ts';
import { rejectsWith } from '../rejection.ts';
import { leavesNothing } from '../resources.ts';
import { type Bench, onBench, type TransportFixture } from './fixture.ts';
import { expectMessages, limited, numbered, sendUntilOneWaits, transfer } from './message-cases.ts';

const KIB = 1024;

/** The laws about how a channel ends. */
export const closeCases: readonly Case<TransportFixture>[] = [
  {
    law: 'CL1',
    sentence: 'delivers what was sent before a regular close, then ends the iteration, on both sides',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        await closesRegularly(bench, ({ near, far }) => ({ closer: near, other: far }));
        await closesRegularly(bench, ({ near, far }) => ({ closer: far, other: near }));
      }),
  },
  {
    law: 'CL2',
    sentence: 'delivers all that was accepted before a close, however much it is',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const bulk = numbered(100, limited(near, 64 * KIB));
        const sending = Promise.all(bulk.map((message) => near.send(message)));
        const closing = near.close();
        await expectMessages(bench.read(far), bulk);
        assert.equal((await bench.read(far).rest()).length, 0, 'messages after the last');
        await bench.soon('the sends', sending);
        await bench.soon('the close', closing);
      }),
  },
  {
    law: 'CL3',
    sentence: 'ends the own iteration regularly after an own close',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const messages = numbered(3, 10);
        await Promise.all(messages.map((message) => far.send(message)));
        const reader = bench.read(near);
        await expectMessages(reader, messages.slice(0, 1));
        await bench.soon('the close', near.close());
        const rest = await reader.rest();
        assert.ok(rest.length <= 2, 'more messages than were sent');
      }),
  },
  {
    law: 'CL4',
    sentence: 'rejects a send after the own close, and after the peer’s, with channel-closed',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        await bench.soon('the close', near.close());
        await rejectsWith('channel-closed', bench.soon('the refusal', near.send(Uint8Array.of(1))));
        await bench.read(far).rest();
        await rejectsWith('channel-closed', bench.soon('the refusal', far.send(Uint8Array.of(1))));
      }),
  },
  {
    law: 'CL5',
    sentence:
      'tells the peer the code (closed for a regular close) and at least the first 100 bytes of the reason, as the cause of its failed sends',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const exact = 'é'.repeat(50);
        for (const reason of ['', 'the other one is newer', exact, exact + exact]) {
          await tellsThePeer(bench, { code: 'duplicate-vm', reason }, 'duplicate-vm');
        }
        await tellsThePeer(bench, { code: 'normal', reason: 'done' }, 'closed');
        await tellsThePeer(bench, undefined, 'closed');
      }),
  },
  {
    law: 'CL6',
    sentence: 'may be closed again, at once, and from both ends at once, and never rejects',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const closes = [near.close(), near.close({ code: 'internal', reason: 'again' }), far.close()];
        await assert.doesNotReject(bench.soon('the closes', Promise.all(closes)));
        await assert.doesNotReject(bench.soon('a late close', near.close()));
        await assert.doesNotReject(bench.soon('a late close', far.close()));
      }),
  },
  {
    law: 'CL7',
    sentence: 'is closed by disposal',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        await bench.soon('the disposal', near[Symbol.asyncDispose]());
        await rejectsWith('channel-closed', near.send(Uint8Array.of(1)));
        assert.equal((await bench.read(far).rest()).length, 0);
      }),
  },
  {
    law: 'CL8',
    sentence: 'answers a send that waits when the peer closes',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        const { last } = await sendUntilOneWaits(near, limited(near, 64 * KIB));
        const answer = last.then(
          () => 'sent',
          (error: unknown) => (error instanceof VirmoError ? error.code : error),
        );
        await bench.soon('the close', far.close());
        const outcome = await bench.soon('an answer to the send', answer);
        assert.ok(outcome === 'sent' || outcome === 'channel-closed', String(outcome));
      }),
  },
  {
    law: 'CL9',
    sentence: 'throws channel-closed at both ends when the channel breaks, after what was received',
    needs: 'sever',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near, far } = await bench.connect();
        await transfer(bench, near, far, numbered(3, 10));
        await fixture.sever?.();
        for (const channel of [near, far]) {
          await rejectsWith('channel-closed', bench.read(channel).rest());
          await rejectsWith('channel-closed', bench.soon('a refusal', channel.send(Uint8Array.of(1))));
          await bench.soon('the close', channel.close());
        }
      }),
  },
  {
    law: 'CL10',
    sentence: 'answers a send that waits when the channel breaks',
    needs: 'sever',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near } = await bench.connect();
        const { last } = await sendUntilOneWaits(near, limited(near, 64 * KIB));
        const refusal = rejectsWith('channel-closed', bench.soon('an answer to the send', last));
        await fixture.sever?.();
        await refusal;
      }),
  },
  {
    law: 'CL11',
    sentence: 'leaves nothing running when channel and listener are closed',
    run: (fixture) =>
      leavesNothing(fixture.patienceMs ?? PATIENCE_MS, () =>
        onBench(fixture, async (bench) => {
          const { near, far } = await bench.connect();
          await transfer(bench, near, far, numbered(10, 1000));
          await bench.soon('the close', near.close());
          await bench.soon('the close', far.close());
        }),
      ),
  },
  {
    law: 'CL12',
    sentence: 'waits for nobody when the reason is peer-silent',
    run: (fixture) =>
      onBench(fixture, async (bench) => {
        const { near } = await bench.connect();
        const { last } = await sendUntilOneWaits(near, limited(near, 64 * KIB));
        const answer = last.catch(() => undefined);
        const closing = near.close({ code: 'peer-silent', reason: 'nothing heard' });
        await within((fixture.patienceMs ?? PATIENCE_MS) / 4, 'the close', closing);
        await bench.soon('an answer to the send', answer);
      }),
  },
];

async function tellsThePeer(
  bench: Bench,
  reason: CloseReason | undefined,
  code: VirmoError['code'],
): Promise<void> {
  const { near, far } = await bench.connect();
  await bench.soon('the close', near.close(reason));
  await bench.read(far).rest();
  const { cause } = await rejectsWith('channel-closed', far.send(Uint8Array.of(1)));
  assert.ok(cause instanceof VirmoError, 'the cause is a VirmoError');
  assert.equal(cause.code, code);
  const words = (reason?.reason ?? '').slice(0, 50);
  assert.ok(cause.message.includes(words), `"${cause.message}" names the reason`);
}

async function closesRegularly(
  bench: Bench,
  choose: (pair: { near: Channel; far: Channel }) => { closer: Channel; other: Channel },
): Promise<void> {
  const { closer, other } = choose(await bench.connect());
  const messages = numbered(3, 10);
  const sending = Promise.all(messages.map((message) => closer.send(message)));
  await bench.soon('the close', closer.close());
  await bench.soon('the sends', sending);
  await expectMessages(bench.read(other), messages);
  assert.equal((await bench.read(other).rest()).length, 0, 'messages after the last');
  assert.equal((await bench.read(closer).rest()).length, 0, 'messages that nobody sent');
  await bench.soon('the other close', other.close());
}
