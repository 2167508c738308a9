/** Data for leaves: mostly of its own, so that it can be told whose it is, now and then what others write too. */
import type { Data, LeafFormat } from '../../src/tree/value.ts';
import type { Random } from './random.ts';

/** Data of the format; `null` has none. */
export function dataFor(random: Random, format: LeafFormat): Data {
  const number = random.chance(0.8) ? random.int(1_000_000) : random.int(3);
  switch (format) {
    case 'chr':
      return `text ${number}`;
    case 'xml':
      return `<n>${number}</n>`;
    case 'int':
      return String(number);
    case 'float':
      return `${number}.5`;
    case 'bool':
      return String(number % 2 === 0);
    case 'bin':
      return Uint8Array.of(number & 255, (number >> 8) & 255, 7);
    case 'b64':
      return Buffer.from(`b${number}`).toString('base64');
    case 'date':
      return new Date(number * 86_400).toISOString().slice(0, 10);
    case 'time':
      return new Date((number % 86_400) * 1_000).toISOString().slice(11, 19);
    case 'null':
      return '';
  }
}
