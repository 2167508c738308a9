import { describe, expect, it } from 'vitest';
import { type Act, type Schedule, schedulesOf, type Turn } from './schedules.ts';

/** The order at the hub, then each history: e(dit), s(end), r(eceive). */
function short({ hub, histories }: Schedule): string {
  const told = [...histories].map(([vm, acts]) => `${vm} ${acts.map((act) => act[0]).join('')}`);
  return [hub.map(({ vm, index }) => `${vm}${index}`).join(' '), ...told].join(', ');
}

function counts(...numbers: number[]): Map<string, number> {
  return new Map(numbers.map((count, at) => [String.fromCharCode(97 + at), count]));
}

describe('the schedules', () => {
  it('of two commands are four: either comes to the hub first, and the other VM hears of it before or after it sends', () => {
    expect(schedulesOf(counts(1, 1), ['w']).map(short).sort()).toEqual([
      'a0 b0, a esrr, b ersr, w rr',
      'a0 b0, a esrr, b esrr, w rr',
      'b0 a0, a ersr, b esrr, w rr',
      'b0 a0, a esrr, b esrr, w rr',
    ]);
  });

  it('let a VM send its first command, and hear that it was merged, before it executes the second', () => {
    const ofA = schedulesOf(counts(2), []).map(short);
    expect(ofA.sort()).toEqual(
      ['a0 a1, a eessrr', 'a0 a1, a eesrsr', 'a0 a1, a esesrr', 'a0 a1, a esersr', 'a0 a1, a esresr'].sort(),
    );
  });

  it.each([[counts(2, 1)], [counts(1, 1, 1)], [counts(2, 2)]])(
    'are all different, and let nobody hear of what is not said yet, nor of others before all is executed',
    (commands) => {
      const schedules = schedulesOf(commands, []);
      expect(new Set(schedules.map(short)).size).toBe(schedules.length);
      for (const { hub, histories } of schedules) {
        for (const [vm, acts] of histories) checkHistory(vm, acts, hub, commands.get(vm) ?? 0);
      }
    },
  );
});

function checkHistory(vm: string, acts: readonly Act[], hub: readonly Turn[], commands: number): void {
  const done = { edit: 0, send: 0, receive: 0 };
  for (const act of acts) {
    done[act]++;
    if (act !== 'receive') continue;
    const heard = hub.slice(0, done.receive);
    expect(heard.filter((turn) => turn.vm === vm).length).toBeLessThanOrEqual(done.send);
    expect(heard.at(-1)?.vm === vm || done.edit === commands).toBe(true);
  }
  expect(done).toEqual({ edit: commands, send: commands, receive: hub.length });
}
