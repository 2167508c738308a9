/** What the commands write, and to whom. */

/** Where a command writes to: a stream, or whatever stands in for one. */
export interface Output {
  write(text: string): void;
}

/** Lines without what could steer a terminal: they quote files and values that anybody may have written. */
export function printable(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD')}\n`).join('');
}
