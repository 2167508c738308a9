import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Acl,
  type AclCommand,
  creatorsAcl,
  formatAcl,
  grants,
  isServerIdentifier,
  parseAcl,
  ROOT_ACL,
} from '../../src/tree/acl.ts';

function read(text: string): Acl {
  const result = parseAcl(text);
  if (!result.ok) throw new Error(result.reason);
  return result.acl;
}

const canonical = (text: string) => formatAcl(read(text));

describe('an ACL', () => {
  it('reads the example of the specification', () => {
    const acl = read(
      'Add=www.sonera.fi-8765&Delete=www.sonera.fi-8765&Replace=www.sonera.fi-8765+321_ibm.com&Get=*',
    );
    expect(grants(acl, 'Add', 'www.sonera.fi-8765')).toBe(true);
    expect(grants(acl, 'Add', '321_ibm.com')).toBe(false);
    expect(grants(acl, 'Replace', '321_ibm.com')).toBe(true);
    expect(grants(acl, 'Get', 'anybody')).toBe(true);
    expect(grants(acl, 'Exec', 'www.sonera.fi-8765')).toBe(false);
  });

  it('has one canonical text', () => {
    expect(canonical('Replace=b+a&Get=*&Add=a')).toBe('Add=a&Get=*&Replace=a+b');
    expect(canonical('Get=a+*+b')).toBe('Get=*');
    expect(canonical('Get=ServerA&Replace=ServerA&Get=ServerB')).toBe('Get=ServerA+ServerB&Replace=ServerA');
    expect(canonical('')).toBe('');
    expect(canonical(ROOT_ACL)).toBe(ROOT_ACL);
  });

  it.each([
    ['Get', /not <command>=<servers>/],
    ['Get=', /'' is no server identifier/],
    ['Get=a+', /'' is no server identifier/],
    ['Get=a&', /'' is no command/],
    ['&Get=a', /'' is no command/],
    ['Get=a=b', /not <command>=<servers>/],
    ['Copy=a', /'Copy' is no command/],
    ['get=a', /'get' is no command/],
    ['toString=a', /no command/],
    [' Get=a', /' Get' is no command/],
    ['Get=a b', /'a b' is no server identifier/],
    ['Get=a\u0007', /no server identifier/],
    ['Get=**', /'\*\*' is no server identifier/],
    ['Get=\ud800', /no server identifier/],
    ['No value', /no command/],
  ])('refuses %j and says why', (text, reason) => {
    expect(parseAcl(text)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  it('gives back any rights that were written', () => {
    const server = fc.string({ minLength: 1 }).filter(isServerIdentifier);
    const command = fc.constantFrom<AclCommand>('Add', 'Delete', 'Exec', 'Get', 'Replace');
    fc.assert(
      fc.property(fc.dictionary(command, fc.array(server, { minLength: 1 })), (rights) => {
        const acl: Acl = new Map(
          Object.entries(rights).map(([name, servers]) => [name as AclCommand, new Set(servers)]),
        );
        expect(read(formatAcl(acl))).toEqual(acl);
        expect(canonical(formatAcl(acl))).toBe(formatAcl(acl));
      }),
    );
  });

  it('never throws, whatever is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseAcl(text).ok).toBeTypeOf('boolean');
      }),
    );
  });
});

describe("a creator's ACL", () => {
  it('is Add, Delete and Replace for the creator; Get and Exec stay whose they were', () => {
    expect(formatAcl(creatorsAcl(read(ROOT_ACL), 's'))).toBe('Add=s&Delete=s&Get=*&Replace=s');
    expect(formatAcl(creatorsAcl(read('Add=s+t&Get=t&Exec=t&Delete=t'), 's'))).toBe(
      'Add=s&Delete=s&Exec=t&Get=s+t&Replace=s',
    );
  });
});
