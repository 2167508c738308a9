/** What makes VMs write: commands, resolutions of parked nodes, acknowledgements. What each wrote is noted. */
import { VirmoError } from '../../src/errors.ts';
import type { Resolution } from '../../src/replica/resolve.ts';
import type { Command, Outcome } from '../../src/tree/command.ts';
import { Status } from '../../src/tree/status.ts';
import type { Mount } from '../../src/vm/mount.ts';
import { hasRenewal } from './commands.ts';
import type { Coverage } from './coverage.ts';
import { listedAt } from './listed.ts';
import type { Simulation } from './simulation.ts';
import type { Site } from './site.ts';
import { asTheyAre, endedOf } from './watch.ts';
import { checkWritten } from './who-wrote.ts';
import type { Part } from './whole-commands.ts';
import type { Written } from './write.ts';

/** Gives a VM a command. */
export function execute(
  simulation: Simulation,
  site: Site,
  command: Command,
  server: string | undefined,
): void {
  const { coverage } = simulation;
  coverage.count('commands');
  if (hasSubtree(command)) coverage.count('commands with subtrees');
  const deed = { mayDelete: mayDelete(command), isAtomic: command.type === 'Atomic', server };
  const { answer, touched } = carryOut(simulation, site, deed, () => site.execute(command, server));
  answer.then((outcome) => countAnswered(coverage, command, outcome, touched), ignore);
}

/** Resolves a parked node; does nothing where its management object is not mounted. */
export function resolve(
  simulation: Simulation,
  site: Site,
  mo: string,
  id: string,
  resolution: Resolution,
): void {
  const mount = site.views.find((each) => each.mo === mo);
  if (mount === undefined) return;
  const deed = { mayDelete: true, isAtomic: false, server: undefined };
  const { answer } = carryOut(simulation, site, deed, () =>
    site.ask(mount, (asked) => asked.resolve(id, resolution)),
  );
  answer.then((status) => {
    if (status === Status.Ok) simulation.coverage.count('parked nodes resolved');
  }, ignore);
}

/** At a hub that was put back: has all that is listed as lost done again, where that is possible (rule Y4). */
export function recoverLost(simulation: Simulation, mo: string): void {
  const { hub, coverage, books } = simulation;
  const mount = hub.views.find((each) => each.mo === mo);
  if (mount === undefined) return;
  const ids = mount.lostWrites().map(({ id }) => id);
  if (ids.length === 0) return;
  const deed = { mayDelete: true, isAtomic: false, server: undefined };
  const isListed = listedAt(simulation, mount);
  const { answer } = carryOut(simulation, hub, deed, () => hub.ask(mount, (asked) => asked.recoverLost(ids)));
  // By URI: it may be another node's now.
  const isLeft = listedAt(simulation, mount);
  books.ledger(mo).answered((record) => isListed(record) && !isLeft(record));
  answer.then((done) => coverage.count('lost writes recovered', done.length), ignore);
}

/** At a hub that was put back: nobody wants what is listed as lost. */
export function dismissLost(simulation: Simulation, mo: string): void {
  const { hub, coverage, books } = simulation;
  const mount = hub.views.find((each) => each.mo === mo);
  if (mount === undefined) return;
  const ids = mount.lostWrites().map(({ id }) => id);
  books.ledger(mo).answered(listedAt(simulation, mount));
  coverage.count('lost writes dismissed', ids.length);
  mount.dismissLost(ids);
}

/** At the hub an operator expels a VM, if it is a member (rule Y5). */
export function expel({ hub, coverage }: Simulation, { id }: Site, mo: string): void {
  const mount = hub.views.find((each) => each.mo === mo);
  if (mount === undefined || !mount.replica.members.includes(id)) return;
  coverage.count('members expelled');
  mount.expel(id);
}

/** The DM servers acknowledge what they were told of the Execs of a management object. */
export function acknowledge(simulation: Simulation, site: Site, mo: string): void {
  const mount = site.views.find((each) => each.mo === mo);
  if (mount === undefined) return;
  for (const { exec } of mount.pendingOutcomes()) {
    const answer = site.ask(mount, (asked) => asked.acknowledgeOutcome(exec));
    expectAnswer(simulation, site, answer);
    answer.then(() => {
      simulation.coverage.count('outcomes acknowledged');
      simulation.books.execs.acknowledged(exec);
    }, ignore);
  }
}

/** What a command is, as far as it matters to what is noted of it. */
interface Traits {
  readonly mayDelete: boolean;
  readonly isAtomic: boolean;
  readonly server: string | undefined;
}

interface CarriedOut<T> {
  readonly answer: Promise<T>;
  /** To how many management objects it wrote what is shared. */
  readonly touched: number;
}

/** Does something in a VM that writes, and notes what. */
function carryOut<T>(
  simulation: Simulation,
  site: Site,
  { mayDelete, isAtomic, server = '' }: Traits,
  call: () => Promise<T>,
): CarriedOut<T> {
  const { books, failures } = simulation;
  const before = books.watches(site).map((watch) => {
    // What was written since the last command is nobody's command.
    watch.tap.taken();
    const nodes = mayDelete ? asTheyAre(watch.alive()) : [];
    return { watch, seen: watch.mount.replica.place, nodes };
  });
  const answer = call();
  const written: Written[] = [];
  const locally: Written[] = [];
  const orders: { readonly exec: string; readonly mount: Mount }[] = [];
  const parts: Part[] = [];
  for (const { watch, seen, nodes } of before) {
    const { shared, local } = watch.tap.taken();
    const { mo, replica } = watch.mount;
    const ended = endedOf(nodes);
    failures.check(() => checkWritten(replica, shared), `${site.id}, ${mo}`);
    books.clocks(mo).wrote(replica, shared);
    parts.push({ mo, records: [...shared, ...local] });
    written.push(books.ledger(mo).written(site.id, shared, ended, seen, replica));
    locally.push(books.localLedger(site, mo).written(local, ended, replica, books.ledger(mo)));
    for (const { content } of [...shared, ...local])
      if (content.kind === 'exec') orders.push({ exec: content.id, mount: watch.mount });
    if (isAtomic && shared.length > 0) watch.hasOpenAtomic = true;
  }
  books.wholeCommands(site).wrote(parts);
  answer.then(() => {
    for (const command of [...written, ...locally]) command.acknowledge();
    for (const { exec, mount } of orders)
      books.execs.ordered(exec, { mo: mount.mo, vm: site.id, server, mount });
  }, ignore);
  expectAnswer(simulation, site, answer);
  return { answer, touched: written.filter(({ size }) => size > 0).length };
}

/** A storage may fail, and a VM may close; nothing else may keep back an answer. */
function expectAnswer({ coverage, failures }: Simulation, site: Site, answer: Promise<unknown>): void {
  answer.catch((error: unknown) => {
    if (error instanceof VirmoError && error.code === 'storage-failed')
      coverage.count('commands that could not be stored');
    failures.addUnlessOfStorage(error, site.id);
  });
}

function countAnswered(coverage: Coverage, command: Command, outcome: Outcome, touched: number): void {
  if (outcome.status < 300 && command.type === 'Copy') coverage.count('Copies');
  if (outcome.status >= 300) coverage.count('refused commands');
  else if (command.type === 'Atomic') {
    if (hasRenewal(command)) coverage.count('nodes deleted and added again');
    coverage.count('Atomics');
    if (touched > 1) coverage.count('Atomics over several management objects');
  }
  for (const { exec } of [outcome, ...(outcome.outcomes ?? [])])
    if (exec !== undefined) coverage.count('Execs');
}

/** Failures are looked at elsewhere. */
function ignore(): void {
  // Nothing to do.
}

function mayDelete(command: Command): boolean {
  switch (command.type) {
    case 'Copy':
    case 'Delete':
      return true;
    case 'Atomic':
    case 'Sequence':
      return command.commands.some(mayDelete);
    case 'Replace':
      return command.subtree !== undefined;
    case 'Add':
    case 'Exec':
    case 'Get':
      return false;
  }
}

function hasSubtree(command: Command): boolean {
  return (command.type === 'Add' || command.type === 'Replace') && command.subtree !== undefined;
}
