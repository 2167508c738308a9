import { describe, expect, it } from 'vitest';
import { repositorySources } from '../architecture/sources.ts';
import { Example } from '../examples/example.ts';

const sources = new Map(repositorySources().map(({ path, text }) => [path, text]));
const readme = sources.get('README.md') ?? '';

describe('README.md', () => {
  it('shows the program that examples/two-vms.ts is', () => {
    expect(codeBlock('ts')).toBe(sources.get('examples/two-vms.ts'));
  });

  it('says what the program prints', async () => {
    await using example = new Example('two-vms.ts');
    expect(await example.ended()).toBe(0);
    expect(codeBlock('text')).toBe(example.output);
  });
});

function codeBlock(language: string): string | undefined {
  return readme.split(`\`\`\`${language}\n`)[1]?.split('```')[0];
}
