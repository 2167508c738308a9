/** A small management object that has a node of every sort that merging cares about, and its scope rules. */
import type { ScopeRule } from '../../src/replica/scope.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../tree/schemas.ts';

const ZERO_TO_TWO = { min: 0, max: 2 } as const;

export const smallSchema: Schema = {
  root: interior('x', [
    leaf('State', 'int', { occurrence: ONE, defaultValue: '10' }),
    leaf('Secret', 'chr', { occurrence: ONE }),
    interior(
      'Cfg',
      [
        interior(
          'Deep',
          [leaf('Val', 'chr', { occurrence: ONE }), leaf(undefined, 'chr', { occurrence: ZERO_TO_TWO })],
          {
            occurrence: ONE,
          },
        ),
        leaf('When', 'date', { occurrence: ONE }),
      ],
      { occurrence: ONE },
    ),
    interior('Opt', [
      interior(
        'Req',
        [
          leaf('Leaf', 'bool', { occurrence: ONE, defaultValue: 'true' }),
          interior('More', [leaf('X', 'bin'), interior('Under', [leaf('Y', 'chr', { occurrence: ONE })])]),
        ],
        { occurrence: ONE, types: ['urn:x'] },
      ),
    ]),
    interior(
      'Acc',
      [
        interior(
          undefined,
          [
            leaf('Name', 'chr', { occurrence: ONE }),
            leaf('Port', 'int'),
            leaf('Key', 'chr', { occurrence: ONE }),
            interior(
              'Sub',
              [
                leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE }),
                interior(undefined, [], { occurrence: ZERO_TO_TWO }),
              ],
              { occurrence: ONE },
            ),
          ],
          { occurrence: ZERO_OR_MORE },
        ),
      ],
      { occurrence: ONE, caseSense: 'CIS' },
    ),
    interior('Own', [leaf(undefined, 'chr'), interior(undefined, [leaf('Z', 'int')])], { occurrence: ONE }),
  ]),
};

export const smallRules: readonly ScopeRule[] = [
  { path: './Secret', share: 'local' },
  { path: './Acc/*/Key', share: 'local' },
  { path: './Own', share: 'local' },
];
