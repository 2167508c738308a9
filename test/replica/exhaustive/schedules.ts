/**
 * All interleavings of delivery, as far as anybody can tell them apart. A VM knows of the others by their messages alone; so all that matters is the order in which the
 * commands reach the hub, and of each VM the order in which it acts and receives: its history. Which of two VMs moves first in between nobody can tell.
 */

/** A writer's n-th command. */
export interface Turn {
  readonly vm: string;
  readonly index: number;
}

/** What one VM does, in order: it executes its next command, hands the next one to its link, or takes the hub's next message. */
export type Act = 'edit' | 'send' | 'receive';

/** The order in which commands reach the hub, and a history of each VM. */
export interface Schedule {
  readonly hub: readonly Turn[];
  readonly histories: ReadonlyMap<string, readonly Act[]>;
}

/** All schedules of writers, who have so many commands each, and of VMs that only watch. */
export function schedulesOf(commands: ReadonlyMap<string, number>, watchers: readonly string[]): Schedule[] {
  return ordersOf(commands).flatMap((hub) => {
    let combined: ReadonlyMap<string, readonly Act[]>[] = [new Map()];
    for (const vm of [...commands.keys(), ...watchers]) {
      const histories = historiesOf(vm, hub);
      combined = combined.flatMap((some) => histories.map((history) => new Map(some).set(vm, history)));
    }
    return combined.map((histories) => ({ hub, histories }));
  });
}

/** All orders of all commands in which each VM's own stay in order. */
export function ordersOf(commands: ReadonlyMap<string, number>): Turn[][] {
  const left = [...commands].filter(([, count]) => count > 0);
  if (left.length === 0) return [[]];
  return left.flatMap(([vm, count]) =>
    ordersOf(new Map(commands).set(vm, count - 1)).map((before) => [...before, { vm, index: count - 1 }]),
  );
}

/**
 * All histories of one VM: it may send as late, and hear of what came to the hub before its own as early, as it likes. What it executes is concurrent with the
 * others: it executes all its commands before it hears of theirs.
 */
function historiesOf(vm: string, hub: readonly Turn[]): Act[][] {
  const own = hub.filter((turn) => turn.vm === vm).length;
  const grow = (edited: number, sent: number, received: number): Act[][] => {
    const next = hub[received];
    const isSaid =
      next !== undefined && hub.slice(0, received + 1).filter((turn) => turn.vm === vm).length <= sent;
    const mayHear = isSaid && (next.vm === vm || edited === own);
    const ways = [
      ...(edited < own ? grow(edited + 1, sent, received).map((rest): Act[] => ['edit', ...rest]) : []),
      ...(sent < edited ? grow(edited, sent + 1, received).map((rest): Act[] => ['send', ...rest]) : []),
      ...(mayHear ? grow(edited, sent, received + 1).map((rest): Act[] => ['receive', ...rest]) : []),
    ];
    return ways.length === 0 ? [[]] : ways;
  };
  return grow(0, 0, 0);
}
