/** One message of every type, each field with a value of its own. */
import type { Message } from '../../src/wire/message.ts';

export const samples: readonly Message[] = [
  { type: 'hello', minVersion: 1, maxVersion: 2, vm: 'game', credentials: 'geheim ✓' },
  { type: 'welcome', version: 1, vm: 'device' },
  {
    type: 'open',
    channel: 3,
    mo: 'fumo',
    origin: 2 ** 53 - 1,
    epoch: 2 ** 32,
    place: 300,
    step1: Uint8Array.of(0, 1, 0),
    schemaHash: 'qL8R',
    rules: '[["./State","local"]]',
    schema: '{}',
    replaces: ['x9'],
    follows: true,
    pending: [
      { life: 129, seq: 7 },
      { life: 2 ** 52, seq: 1 },
    ],
  },
  {
    type: 'opened',
    channel: 3,
    epoch: 2 ** 32,
    epochStart: 0,
    place: 301,
    durablePlace: 299,
    timeMs: 1_700_000_000_000,
    marks: [
      { life: 129, seq: 9, refusals: [{ life: 129, from: 7, to: 8, code: 'invalid', reason: 'no' }] },
      { life: 130, seq: 1, refusals: [] },
    ],
    step2: Uint8Array.of(1, 2, 0, 0),
  },
  { type: 'closed', channel: 3, code: 'schema-mismatch', reason: 'fumo: it differs' },
  { type: 'branch', channel: 3, update: Uint8Array.of(2, 2, 0, 0) },
  {
    type: 'news',
    channel: 128,
    update: Uint8Array.of(2, 2, 0, 0),
    place: 302,
    durablePlace: 301,
    judgedUpTo: 5,
    refusals: [{ life: 129, from: 10, to: 10, code: 'local', reason: 'what is at State stays' }],
  },
  { type: 'ping' },
  { type: 'pong' },
  { type: 'bye', code: 'normal', reason: 'the VM closes the connection' },
  { type: 'seen', channel: 128, place: 302 },
];
