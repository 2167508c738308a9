import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { home, repositorySources } from '../architecture/sources.ts';

const documents = repositorySources().filter(({ path }) => path.endsWith('.md'));

describe('the documents', () => {
  it.each(documents.map(({ path, text }) => [path, text] as const))(
    '%s links to what is there',
    (path, text) => {
      const missing = linksOf(text).filter((link) => !existsSync(join(home, dirname(path), link)));
      expect(missing).toEqual([]);
    },
  );
});

describe('the search for links', () => {
  it('takes relative ones, pictures too, without their anchors', () => {
    const text = '[a](../b.md#c) ![d](e.svg) [f](#g) [h](https://example.com) `[i](j)`';
    expect(linksOf(text)).toEqual(['../b.md', 'e.svg']);
  });
});

function linksOf(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}
