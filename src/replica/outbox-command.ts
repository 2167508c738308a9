/** A command on its way to the hub (rules D2, T2). */
import type { PendingCommand, WriteKey } from './journal.ts';
import type { LogRecord } from './record.ts';
import { compareStamps, type Stamp } from './stamp.ts';

/** A command and how far it has come on its way to the hub. */
export interface OutboxCommand extends PendingCommand {
  records: LogRecord[];
  /** Whether it was ever handed to a channel: then the hub may have it. */
  wasSent: boolean;
  /** The number of the branch update that carries it on the present connection. */
  sentIn: number | undefined;
  /** How often the journal had been taken when it was put into it. */
  readonly turn: number;
  /** The hub refused its stamp: it and all after it are to be stamped anew (rules T1, T3). */
  isStampRefused: boolean;
  /** The place in main by which the hub had merged it; `undefined` until it says so. */
  mergedAt: number | undefined;
}

/** What is stored of a command. */
export function pendingOf(command: OutboxCommand): PendingCommand {
  const { records, floor, clockMs, offsetMs, token } = command;
  return { records, floor, clockMs, offsetMs, token };
}

/** A command's name: its first record's. */
export function commandKey(command: { readonly records: readonly LogRecord[] }): WriteKey {
  const [first] = command.records;
  return { life: first?.life ?? 0, seq: first?.seq ?? 0 };
}

/** The stamp that all records of a command bear (rule T2). */
export function commandStamp(command: { readonly records: readonly LogRecord[] }): Stamp | undefined {
  return command.records[0]?.stamp;
}

/** Splits records into commands: neighbours of one stamp and one life (rule T2). */
export function splitCommands(records: readonly LogRecord[]): LogRecord[][] {
  const commands: LogRecord[][] = [];
  let last: LogRecord | undefined;
  for (const record of records) {
    if (last !== undefined && last.life === record.life && compareStamps(last.stamp, record.stamp) === 0) {
      commands.at(-1)?.push(record);
    } else {
      commands.push([record]);
    }
    last = record;
  }
  return commands;
}

/** Two commands of one that the hub has judged up to a counter of this life, if that is within it. */
export function partsOf(command: OutboxCommand, life: number, seq: number): OutboxCommand[] {
  if (commandKey(command).life !== life) return [command];
  const judged = command.records.filter((record) => record.seq <= seq);
  if (judged.length === 0 || judged.length === command.records.length) return [command];
  const rest = command.records.filter((record) => record.seq > seq);
  return [
    { ...command, records: judged, wasSent: true },
    { ...command, records: rest, wasSent: true },
  ];
}
