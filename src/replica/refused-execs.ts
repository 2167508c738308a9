/** Execs whose order the hub refused, or lacks, and nobody wants (rule Y4): they stay with their issuer, which owes whoever ordered them an outcome (rules S3, X4). */
import { Status } from '../tree/status.ts';
import type { ExecState } from './execs.ts';
import { type LogRecord, localPlace } from './record.ts';
import type { ReplicaState } from './state.ts';

/**
 * Makes the Execs that these records ordered into ones of this VM alone: each with its answer, if it was run already; still waiting for that, if it runs; else with the answer
 * `refused`. Gives the records that stay here for it, to be stored.
 */
export function keepRefusedExecs(refused: readonly LogRecord[], state: ReplicaState): LogRecord[] {
  const kept: LogRecord[] = [];
  for (const { content } of refused) {
    const exec = content.kind === 'exec' ? state.execs.get(content.id) : undefined;
    if (exec !== undefined && !exec.isMerged) kept.push(...localRecordsOf(exec, state));
  }
  for (const record of kept) state.take(record);
  return kept;
}

function localRecordsOf(exec: ExecState, state: ReplicaState): LogRecord[] {
  const { vm } = state;
  const records = [...exec.records.values()].map((record) => alone(record, vm));
  const order = records.find(({ content }) => content.kind === 'exec');
  if (order !== undefined && !exec.started.has(vm) && !exec.results.has(vm))
    records.push({ ...order, life: state.life, seq: state.nextSeq(), content: refusal(exec.id) });
  return records;
}

function alone(record: LogRecord, vm: string): LogRecord {
  const { content } = record;
  const own = content.kind === 'exec' ? { ...content, addressees: [vm] } : content;
  return { ...record, place: localPlace, content: own };
}

function refusal(exec: string): LogRecord['content'] {
  return { kind: 'result', exec, answer: 'refused', status: Status.CommandFailed, data: '' };
}
