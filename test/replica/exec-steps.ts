/** Short ways to order Execs in tests and to take them on, as a VM's handlers would; and to let everybody see and forget. */
import type { ExecState } from '../../src/replica/execs.ts';
import type { ExecStepContent } from '../../src/replica/record.ts';
import type { Addressees } from '../../src/tree/command.ts';
import { type Group, HubSite, type Site } from './group.ts';
import { lookAfter } from './look-after.ts';
import { at } from './writes.ts';

export interface OrderOptions {
  readonly server?: string;
  readonly addressees?: Addressees;
  readonly data?: string;
}

/** Orders the Exec of a node; gives its id. */
export function order(site: Site, uri: string, { server, addressees, data }: OrderOptions = {}): string {
  let id = '';
  site.do((tx, root) => {
    id = tx.exec(at(root, uri), { data, correlator: 'c', server, addressees });
  });
  return id;
}

/** The Exec as the VM knows it. */
export function exec(site: Site, id: string): ExecState {
  const known = site.replica.exec(id);
  if (known === undefined) throw new Error(`${site.vm} does not know ${id}`);
  return known;
}

/** The VM records a step of an Exec. */
export function step(site: Site, id: string, content: ExecStepContent): void {
  site.replica.recordExecStep(exec(site, id).node, content);
  site.persist();
  if (site instanceof HubSite) site.flush();
}

export function start(site: Site, id: string): void {
  step(site, id, { kind: 'started', exec: id });
}

/** The VM's handler gave a status. */
export function answer(site: Site, id: string, status = 200): void {
  step(site, id, { kind: 'result', exec: id, answer: 'done', status, data: `of ${site.vm}` });
}

export function acknowledge(site: Site, id: string): void {
  step(site, id, { kind: 'acknowledged', exec: id });
}

/** The hub closes what is to be closed, and everybody hears of it. */
export function close(group: Group): void {
  group.hub.hub.closeExecs();
  group.hub.flush();
  group.settle();
}

/** An Exec is ordered, carried out everywhere, closed, and acknowledged if a DM server ordered it. */
export function carryOut(group: Group, site: Site, uri: string, options: OrderOptions = {}): string {
  const id = order(site, uri, options);
  group.settle();
  for (const addressee of group.sites) {
    if (!exec(addressee, id).order?.addressees.includes(addressee.vm)) continue;
    start(addressee, id);
    answer(addressee, id);
  }
  group.settle();
  close(group);
  if (options.server !== undefined) acknowledge(site, id);
  group.settle();
  return id;
}

/** Every member tells how far it is durable, where everything is, and the hub forgets what it may, an hour later. */
export function forget(group: Group): void {
  for (const { vm, replica } of group.followers) group.hub.hub.seen(vm, replica.place);
  group.nowMs += 3_600_000;
  lookAfter(group.hub.hub, group.hub.durablePlace);
  group.hub.flush();
  group.settle();
}
