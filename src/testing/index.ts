export type { Case, TestRunner } from './case.ts';
export { BranchReader, executeCommand, Forest, frameUpdate, Replica } from './replica-bench.ts';
export { assertSurvived, crashWorkload } from './storage/crash-workload.ts';
export type { StorageFixture, StoragePlace } from './storage/fixture.ts';
export { describeStorage, storageCases } from './storage/kit.ts';
export type { TransportFixture, TransportUnderTest } from './transport/fixture.ts';
export { describeTransport, transportCases } from './transport/kit.ts';
