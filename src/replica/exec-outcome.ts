/** One final outcome of an Exec for whoever ordered it (rule X4). */
import { type ExecResult, type ExecState, inOrder, isAnswered, isOver, waitsForServer } from './execs.ts';
import { compareStamps, zeroStamp } from './stamp.ts';

/** What the answers of all addressees come to. */
export interface ExecVerdict {
  readonly status: number;
  /** What the handler said whose status it is; '' where it is nobody's own. */
  readonly data: string;
}

/** FUMO's "undefined error": for whoever did not finish, or did not answer in time. */
const undefinedError = 409;
/** FUMO's "not implemented": nobody carried it out, since nobody can. The 406 of the single answers would say in FUMO that a download was not authenticated. */
const notImplemented = 408;

/**
 * The worst of the answers: 5xx before 4xx before 2xx, then the higher number; a vendor's codes such as 1200 and 1401 by their hundreds. Interrupted, expired, refused, and no answer
 * at all are 409; no handler does not count, and is 408 where nobody has one. `undefined` while it may still change: as long as an addressee has not answered, unless the Exec is closed.
 */
export function verdictOn(
  addressees: readonly string[],
  results: ReadonlyMap<string, ExecResult>,
  isClosed: boolean,
): ExecVerdict | undefined {
  if (!isClosed && !addressees.every((vm) => results.has(vm))) return undefined;
  let worst: ExecVerdict | undefined;
  for (const vm of addressees) {
    const verdict = verdictOfOne(results.get(vm));
    if (verdict !== undefined && (worst === undefined || isWorse(verdict.status, worst.status)))
      worst = verdict;
  }
  return worst ?? { status: notImplemented, data: '' };
}

function verdictOfOne(result: ExecResult | undefined): ExecVerdict | undefined {
  switch (result?.answer) {
    case 'done':
    case 'gone':
      return { status: result.status, data: result.data };
    case 'no-handler':
      return undefined;
    case 'interrupted':
    case 'expired':
    case 'refused':
    case undefined:
      return { status: undefinedError, data: '' };
  }
}

function isWorse(a: number, b: number): boolean {
  const [severityOfA, severityOfB] = [severity(a), severity(b)];
  return severityOfA === severityOfB ? a > b : severityOfA > severityOfB;
}

/** By the digit of the hundreds; a number that belongs to none of the classes is no success, and counts among the client's errors. */
function severity(status: number): number {
  const hundreds = Math.floor(status / 100) % 10;
  return hundreds >= 1 && hundreds <= 5 ? hundreds : 4;
}

/** The outcome as the issuer knows it; `undefined` while it may still change, or where another VM ordered the Exec. */
export function outcomeOf(exec: ExecState, vm: string): ExecVerdict | undefined {
  const { order, issuer, isClosed } = exec;
  if (order === undefined || issuer !== vm) return undefined;
  return verdictOn(order.addressees, resultsInTime(exec), isClosed);
}

/**
 * The place up to which the hub must have main durably for the outcome to stay: that of the closing, or of the last answer of another VM; infinite where the hub lacks one. Should it lack what the issuer said, the issuer says it
 * again.
 */
export function restsOn({ records, isLocal }: ExecState, vm: string): number {
  const closed = records.get('closed');
  if (isLocal) return 0;
  if (closed !== undefined) return closed.place;
  const answers = [...records.values()].filter(
    ({ content, stamp }) => content.kind === 'result' && stamp.vm !== vm,
  );
  return Math.max(0, ...answers.map(({ place }) => place || Number.POSITIVE_INFINITY));
}

/**
 * The answers that came before the Exec was closed: in main, or, of the issuer's own, by what it had seen; of an Exec of this VM alone, by stamp. One that the hub lacks (rule Y4) comes after the closing, if at all. So what it told stays true when another answer, or the
 * closing itself, arrives late.
 */
function resultsInTime({ results, records, issuer, isLocal }: ExecState): ReadonlyMap<string, ExecResult> {
  const closed = records.get('closed');
  if (closed === undefined) return results;
  const inTime = [...results].filter(([vm]) => {
    const { place = 0, seen = 0, stamp = zeroStamp } = records.get(`result ${vm}`) ?? {};
    if (isLocal) return compareStamps(stamp, closed.stamp) < 0;
    return vm === issuer ? seen < closed.place : place > 0 && place < closed.place;
  });
  return new Map(inTime);
}

/** The Execs that a DM server ordered at this VM, and whose outcome it is not known to know, oldest first. */
export function unacknowledged(execs: Iterable<ExecState>, vm: string): ExecState[] {
  const waiting = [...execs].filter(
    (exec) => waitsForServer(exec, vm) && !exec.isAcknowledged && (exec.isClosed || isAnswered(exec)),
  );
  return inOrder(waiting);
}

/** Whether nobody needs what is known of a local Exec any more. */
export function isDone(exec: ExecState): boolean {
  return exec.isLocal && isOver(exec);
}
