import { type Case, registerCases, type TestRunner } from '../case.ts';
import { closeCases } from './close-cases.ts';
import type { TransportFixture } from './fixture.ts';
import { listenerCases } from './listener-cases.ts';
import { messageCases } from './message-cases.ts';

/** Every law of the transport contract as a case. */
export const transportCases: readonly Case<TransportFixture>[] = [
  ...messageCases,
  ...closeCases,
  ...listenerCases,
];

/** Registers the conformance tests of a transport: `describeTransport({ describe, it }, 'mine', { open })`. */
export function describeTransport(runner: TestRunner, name: string, fixture: TransportFixture): void {
  registerCases(runner, `${name} keeps the transport contract`, fixture, transportCases);
}
