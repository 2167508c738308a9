import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exchange } from './exchange.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

describe('the exchange in docs/protocol.md', () => {
  it('has the bytes that hub and VM send', () => {
    const [, block = ''] = /```text exchange\n([^`]*)```/.exec(page) ?? [];
    expect(block).toBe(
      exchange()
        .map(({ from, type, hex }) => `${from.padEnd(3)} ${type.padEnd(7)} ${hex}\n`)
        .join(''),
    );
  });

  it('uses every type of message but closed, and those of a hub that was put back', () => {
    const types = new Set(exchange().map(({ type }) => type));
    expect([...types].sort()).toEqual([
      'branch',
      'bye',
      'hello',
      'news',
      'open',
      'opened',
      'ping',
      'pong',
      'seen',
      'welcome',
    ]);
  });
});
