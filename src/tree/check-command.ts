/** What the types of commands say, for callers whom no compiler checks. */
import { checkAddressees } from './addressees.ts';
import { MAX_NESTING } from './atomic.ts';
import { checkSubtree } from './check-subtree.ts';
import { isDataOrNothing, isObject, isTextOrNothing, show } from './check-type.ts';
import type { AddCommand, Command, ExecCommand, ReplaceCommand } from './command.ts';
import { isFormat } from './format.ts';

/** A command and where it stands: '' for the whole, else as `commands[1].commands[0]`. */
interface Place {
  readonly command: Command;
  readonly where: string;
}

/** Throws a TypeError that names the place where a command, or a subtree that it brings, is none that the types allow; a RangeError for an Exec's addressees that are none. */
export function checkCommand(command: Command): void {
  let level: readonly Place[] = [{ command, where: '' }];
  // What is nested deeper is refused unseen.
  for (let depth = 0; depth <= MAX_NESTING && level.length > 0; depth++) {
    level = level.flatMap(checkOne);
  }
}

/** Gives the commands inside. */
function checkOne({ command, where }: Place): readonly Place[] {
  if (!isObject(command)) throw wrong(where, `not a command: ${show(command)}`);
  switch (command.type) {
    case 'Atomic':
    case 'Sequence':
      return checkGroup(command.commands, where, command.type);
    case 'Add':
    case 'Replace':
      checkItem(command, where);
      return [];
    case 'Copy':
      checkText(command, 'source', where);
      checkText(command, 'target', where);
      return [];
    case 'Exec':
      checkExec(command, where);
      return [];
    case 'Delete':
    case 'Get':
      checkText(command, 'target', where);
      return [];
  }
  const { type }: { readonly type?: unknown } = command;
  throw wrong(where, `not a type of command: ${show(type)}`);
}

function checkGroup(commands: readonly Command[], where: string, type: string): readonly Place[] {
  if (!Array.isArray(commands)) throw wrong(where, `the commands of ${type} are no array: ${show(commands)}`);
  const prefix = where === '' ? '' : `${where}.`;
  return Array.from(commands, (command, at) => ({ command, where: `${prefix}commands[${at}]` }));
}

function checkItem(command: AddCommand | ReplaceCommand, where: string): void {
  checkText(command, 'target', where);
  const { type, target, meta, data, subtree } = command;
  checkData(data, where, `${type} ${target}`);
  if (meta !== undefined) checkMeta(meta, where, `${type} ${target}`);
  if (subtree === undefined) return;
  if (data !== undefined) throw wrong(where, `Data beside a subtree: ${target}`);
  checkSubtree(subtree, target);
}

function checkMeta(meta: object, where: string, what: string): void {
  if (!isObject(meta)) throw wrong(where, `the meta of ${what} is no object: ${show(meta)}`);
  const { format, type }: { readonly format?: unknown; readonly type?: unknown } = meta;
  if (!isTextOrNothing(type)) throw wrong(where, `the type of ${what} is no text: ${show(type)}`);
  if (format !== undefined && !(typeof format === 'string' && isFormat(format)))
    throw wrong(where, `the format of ${what} is none: ${show(format)}`);
}

function checkExec(command: ExecCommand, where: string): void {
  checkText(command, 'target', where);
  const { target, data, correlator, addressees } = command;
  checkData(data, where, `Exec ${target}`);
  if (!isTextOrNothing(correlator))
    throw wrong(where, `the correlator of Exec ${target} is no text: ${show(correlator)}`);
  if (addressees !== undefined) checkAddressees(addressees, `Exec ${target}`);
}

function checkText<Key extends string>(
  command: { readonly type: string } & Readonly<Record<Key, unknown>>,
  key: Key,
  where: string,
): void {
  const text = command[key];
  if (typeof text !== 'string') throw wrong(where, `the ${key} of ${command.type} is no text: ${show(text)}`);
}

function checkData(data: unknown, where: string, what: string): void {
  if (!isDataOrNothing(data))
    throw wrong(where, `the data of ${what} is neither text nor bytes: ${show(data)}`);
}

function wrong(where: string, problem: string): TypeError {
  return new TypeError(where === '' ? problem : `${where}: ${problem}`);
}
