import { describeStorage } from 'virmo-sync/testing';
import { describe, it } from 'vitest';
import { lmdbFixture } from './lmdb-fixture.ts';

describeStorage({ describe, it }, 'lmdb', lmdbFixture);
