/** Options of command lines that are positive integers. */

/** Throws RangeError that names the option. */
export function positiveOption(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new RangeError(`${option} is '${text}'; it is a positive integer`);
  return number;
}
