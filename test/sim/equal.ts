/** Two texts of many lines that must be the same. */

/** Throws an Error that says what differs. */
export function mustBeEqual(what: string, text: string, expected: string): void {
  if (text === expected) return;
  const [lines, others] = [text.split('\n'), expected.split('\n')];
  const [only, missing] = [without(lines, others), without(others, lines)];
  if (only.length > 0 || missing.length > 0)
    throw new Error(`${what} differ: has ${only.join(' ')}; should have ${missing.join(' ')}`);
  const at = lines.findIndex((line, number) => line !== others[number]);
  throw new Error(`${what} differ in order or number: line ${at} is ${lines[at]}; should be ${others[at]}`);
}

/** The first few: what comes later mostly follows from them. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line)).slice(0, 3);
}
