import type { Source } from './sources.ts';

/** Folders of somebody's machine, and marks of work left undone; spelt so that this file does not find itself. */
const unwanted: readonly RegExp[] = [
  /(?<![A-Za-z0-9_.-])\/(?:home\/[a-z]+|root|work|Users\/[A-Za-z]+)\//,
  /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/,
];

/** Where such words stand: `file:line: word`. */
export function unwantedWords(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) =>
      unwanted.flatMap((word) => {
        const found = word.exec(line);
        return found === null ? [] : [`${path}:${at + 1}: ${found[0]}`];
      }),
    ),
  );
}
