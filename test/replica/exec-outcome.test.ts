import { describe, expect, it } from 'vitest';
import { verdictOn } from '../../src/replica/exec-outcome.ts';
import type { ExecResult } from '../../src/replica/execs.ts';

const addressees = ['a', 'b', 'c'];

function done(status: number, data = ''): ExecResult {
  return { answer: 'done', status, data };
}

const noHandler: ExecResult = { answer: 'no-handler', status: 406, data: '' };
const interrupted: ExecResult = { answer: 'interrupted', status: 500, data: 'x' };
const expired: ExecResult = { answer: 'expired', status: 215, data: '' };
const refused: ExecResult = { answer: 'refused', status: 500, data: '' };
const gone: ExecResult = { answer: 'gone', status: 404, data: '' };

/** The status of what these answers of a, b and c come to, when the Exec is closed. */
function outcome(...results: readonly (ExecResult | undefined)[]): number | undefined {
  return verdict(results, true)?.status;
}

function verdict(results: readonly (ExecResult | undefined)[], isClosed: boolean) {
  const byVm = results.flatMap((result, at) =>
    result === undefined ? [] : [[addressees[at] ?? '', result] as const],
  );
  return verdictOn(addressees.slice(0, results.length), new Map(byVm), isClosed);
}

describe('[X4] the outcome of an Exec', () => {
  it.each([
    ['all went well', [done(200), done(200)], 200],
    ['of two that went well, the higher number', [done(200), done(250)], 250],
    ['4xx before 2xx', [done(299), done(400)], 400],
    ['5xx before 4xx', [done(500), done(499)], 500],
    ['3xx between them', [done(304), done(299)], 304],
    ['4xx before 3xx', [done(304), done(400)], 400],
    ['within a class the higher number', [done(401), done(410)], 410],
    ['a vendor’s codes by their hundreds', [done(1200), done(1401)], 1401],
    ['though the good one is the higher number', [done(1200), done(500)], 500],
    ['a vendor’s 1500 before 404', [done(404), done(1500)], 1500],
    ['a number of no class before what went well', [done(200), done(0)], 0],
    ['but not before a server’s error', [done(900), done(500)], 500],
    ['a VM without a handler does not count', [done(200), noHandler], 200],
    ['a node that is not there any more is 404', [done(200), gone], 404],
    ['interrupted is 409', [done(200), interrupted], 409],
    ['interrupted is 409, less than 410', [done(410), interrupted], 410],
    ['expired is 409', [expired, done(200)], 409],
    ['refused is 409', [refused], 409],
    ['no answer at all is 409', [done(200), undefined], 409],
    ['no answer of anybody is 409', [undefined, undefined], 409],
    ['where nobody has a handler, 408: not implemented', [noHandler, noHandler], 408],
    ['where nobody has a handler, and one did not answer, 409', [noHandler, undefined], 409],
  ])('%s', (_, results, status) => {
    expect(outcome(...results)).toBe(status);
    expect(outcome(...[...results].reverse())).toBe(status);
  });

  it('carries the data of the answer whose status it is, and none for who had none', () => {
    expect(verdict([done(200, 'fine'), done(410, 'the disk is full')], true)).toEqual({
      status: 410,
      data: 'the disk is full',
    });
    expect(verdict([done(200, 'fine'), interrupted], true)).toEqual({ status: 409, data: '' });
  });

  it('is not there while somebody may still answer, and is as soon as all have', () => {
    expect(verdict([done(500), undefined, done(200)], false)).toBeUndefined();
    expect(verdict([done(500), noHandler, done(200)], false)).toEqual({ status: 500, data: '' });
  });
});
