/** Deliberate faults: for each a line of the product that is replaced in a copy, and then the simulator must find it. */

/** One fault, as data. */
export interface Fault {
  readonly name: string;
  /** The rule that it breaks. */
  readonly rule: string;
  /** What goes wrong, in the words of somebody who reports it. */
  readonly what: string;
  /** The file that is changed, from the repository's root. */
  readonly file: string;
  /** What stands there exactly once. */
  readonly text: string;
  readonly replacement: string;
  /** How the failures begin by which it shows. Any other is taken for chance: a fault moves the time, and so makes another simulation of the seed. */
  readonly checks: readonly string[];
}

export const faults: readonly Fault[] = [
  {
    name: 'record-dropped',
    rule: 'M8',
    what: 'of a branch update one record in ten is passed over',
    file: 'src/replica/hub.ts',
    text: 'const command = records.filter(({ seq }) => seq > judged);',
    replacement: 'const command = records.filter(({ seq }) => seq > judged && seq % 10 !== 0);',
    checks: ['[M7]', '[D1]', '[D5]', '[M8]'],
  },
  {
    name: 'counter-ignored',
    rule: 'T1',
    what: 'of two writes of one millisecond the one of the greater VM id wins, not the later one',
    file: 'src/replica/held-records.ts',
    text: '  const order = compareStamps(a.stamp, b.stamp);\n',
    replacement: `  const order = compareStamps({ ...a.stamp, counter: 0 }, { ...b.stamp, counter: 0 });
`,
    checks: ['[D1]', '[D5]', '[M8]', '[provenance]'],
  },
  {
    name: 'older-write-wins',
    rule: 'M1',
    what: 'of the writes of a register that wait and that are merged the older one wins',
    file: 'src/replica/held-records.ts',
    text: 'return order < 0 || (order === 0 && a.place === 0) ? b : a;',
    replacement: 'return order > 0 || (order === 0 && a.place === 0) ? b : a;',
    checks: ['[D1]', '[D5]', '[M8]', '[provenance]'],
  },
  {
    name: 'delete-loses',
    rule: 'M2',
    what: 'a node lives on when somebody wrote to it later than it was deleted',
    file: 'src/replica/deletion.ts',
    text: `function ends(remove: DeleteRecord, add: AddRecord, { local }: MoNode): boolean {
`,
    replacement: `function ends(remove: DeleteRecord, add: AddRecord, { local, registers }: MoNode): boolean {
  for (const { records } of Object.values(registers))
    if (records.some(({ stamp }) => compareStamps(stamp, remove.stamp) > 0)) return false;
`,
    checks: ['[D1]', '[D5]', '[M8]', '[provenance]'],
  },
  {
    name: 'inherited-after-delete',
    rule: 'I2',
    what: 'a node that was deleted and added again has what was written before',
    file: 'src/replica/fold.ts',
    text: "    return entry.counts ? 'counts' : 'not';\n",
    replacement: "    return entry.counts || this.node(base.node)?.alive ? 'counts' : 'not';\n",
    checks: ['[D1]', '[D5]', '[M8]', '[provenance]'],
  },
  {
    name: 'acl-lost-below-rename',
    rule: 'I1',
    what: 'the ACLs of the children of a renamed node are forgotten',
    file: 'src/replica/mo-node.ts',
    text: "    return this.text('acl') ?? '';\n",
    replacement:
      "    return this.parentNode?.registers.name?.winner === undefined ? (this.text('acl') ?? '') : '';\n",
    checks: ['[D1]', '[D5]'],
  },
  {
    name: 'rename-anew',
    rule: 'I1',
    what: 'a leaf is renamed by deleting it and adding it again under the new name',
    file: 'src/replica/draft.ts',
    text: "    if (target.name !== name) this.#set(target, { kind: 'name', text: name });\n",
    replacement: `    const { parentNode: parent, value } = target;
    if (parent === undefined || value === undefined) this.#set(target, { kind: 'name', text: name });
    else {
      this.deleteAlone(target);
      this.add(parent, name, { kind: 'leaf', value });
    }
`,
    checks: ['[M8]'],
  },
  {
    name: 'half-atomic',
    rule: 'M7',
    what: 'the hub writes half of what it merged in one update and the rest in the next',
    file: 'src/replica/main-writer.ts',
    text: `    this.#unwritten = [];
    this.#unwrittenLocal = [];
    this.#meta`,
    replacement: `    const half = Math.ceil(records.length / 2);
    this.#unwritten = records.splice(half);
    this.#unwrittenLocal = [];
    this.#meta`,
    checks: ['[M7]'],
  },
  {
    name: 'append-divided',
    rule: 'M7',
    what: 'what one turn gave is appended piece by piece, not in one step',
    file: 'src/vm/persistence.ts',
    text: 'if (writes.length > 0) await this.#storage.append(writes);',
    replacement: 'for (const write of writes) await this.#storage.append([write]);',
    checks: ['[M7]'],
  },
  {
    name: 'exec-twice',
    rule: 'X2',
    what: 'after a crash nobody looks whether the handler had started',
    file: 'src/vm/exec-runner.ts',
    text: 'if (exec.started.has(vm) && this.#handlerOf(exec)?.isIdempotent !== true) {',
    replacement: 'if (exec.started.has(vm) && this.#handlerOf(exec) === undefined) {',
    checks: ['[X2]'],
  },
  {
    name: 'exec-before-durable',
    rule: 'X2',
    what: 'a handler is called before it is durable that it started',
    file: 'src/vm/exec-runner.ts',
    text: 'await this.#host.whenSafe(exec.id, where);',
    replacement: 'void this.#host.whenSafe(exec.id, where);',
    checks: ['[X2]'],
  },
  {
    name: 'exec-safe-at-hub-alone',
    rule: 'X2',
    what: 'a handler is called when its start is durable at the hub, though not here',
    file: 'src/vm/exec-desk.ts',
    text: `    }
    await this.#whenStored();
`,
    replacement: `      return;
    }
    await this.#whenStored();
`,
    checks: ['[X2]'],
  },
  {
    name: 'outcome-told-twice',
    rule: 'X4',
    what: 'the outcome of an Exec is told with everything that is learnt of it afterwards',
    file: 'src/vm/exec-desk.ts',
    text: "if (told.outcome !== 'none' || exec.isAcknowledged ||",
    replacement: 'if (exec.isAcknowledged ||',
    checks: ['[X4]'],
  },
  {
    name: 'outcome-before-durable',
    rule: 'X4',
    what: 'the outcome of an Exec is told before the answers that it rests on are durable',
    file: 'src/vm/exec-desk.ts',
    text: '    await this.#whenStored();\n    if (replica.rebuilds !== rebuilds) {\n',
    replacement: '    if (replica.rebuilds !== rebuilds) {\n',
    checks: ['[X4]'],
  },
  {
    name: 'acknowledged-before-durable',
    rule: 'Y2',
    what: 'a command is answered before the storage has it',
    file: 'src/vm/vm.ts',
    text: "if (command.type !== 'Get') await this.#stored();",
    replacement: "if (command.type !== 'Get') this.#stored().catch(() => undefined);",
    checks: ['[M8]', '[Y2]', '[S1]', '[M7]'],
  },
  {
    name: 'cut-loses-sent',
    rule: 'D2',
    what: 'what was on its way when the connection broke is not sent again',
    file: 'src/replica/outbox.ts',
    text: '    this.#unsent = new Set([...this.#sent, ...this.#unsent]);\n',
    replacement: '',
    checks: ['[D1]', '[M8]', '[rest]', '[M7]'],
  },
  {
    name: 'lost-by-hub-not-sent-again',
    rule: 'Y4',
    what: 'what a hub had judged, and lost in a crash, is not sent again',
    file: 'src/replica/outbox.ts',
    text: '    if (forgotten.length > 0) this.#unsent = new Set([...forgotten, ...this.#unsent]);\n',
    replacement: '',
    checks: ['[M8]', '[D1]', '[rest]'],
  },
  {
    name: 'other-line-not-noticed',
    rule: 'Y4',
    what: 'a copy of main that is of a line which the hub has left is taken for one of its own',
    file: 'src/replica/hub.ts',
    text: '    const linePlace = line.placeOf(follower.digest);\n',
    replacement: '    const linePlace = line.placeOf(follower.digest) ?? follower.place;\n',
    checks: ['[D1]', '[M8]', 'an update of main builds on one'],
  },
  {
    name: 'open-exec-forgotten',
    rule: 'Y5',
    what: 'Execs that are not over are forgotten with the others of their time',
    file: 'src/replica/forgetting.ts',
    text: 'openExecs: this.#openAt(place)',
    replacement: 'openExecs: this.#openAt(0)',
    checks: ['[X4]', '[X3]', '[rest]'],
  },
  {
    name: 'own-lost-not-taken-back',
    rule: 'Y4',
    what: 'a VM whose copy is made anew does not send again what it wrote and the hub lost',
    file: 'src/replica/rebuild.ts',
    text: '(dependents.has(record) || outbox.has(record) ? [] : record)',
    replacement: '(record.seq > 0 ? [] : record)',
    checks: ['[M8]'],
  },
  {
    name: 'lost-not-reported',
    rule: 'Y4',
    what: 'a VM whose copy is made anew drops what others wrote and the hub lost',
    file: 'src/replica/rebuild.ts',
    text: '  core.kept.add(others);\n',
    replacement: '',
    checks: ['[M8]'],
  },
  {
    name: 'seen-in-other-line-believed',
    rule: 'M8',
    what: 'what a writer had seen in a line that the hub has left counts in the present one',
    file: 'src/replica/follower.ts',
    text: '      boundSeen(core, common);\n',
    replacement: '',
    checks: ['[M8]'],
  },
  {
    name: 'tokens-not-compared',
    rule: 'Y4',
    what: 'what waits at a clone, or a VM that was put back, is taken for what another process sent under the same numbers',
    file: 'src/replica/renew-write-ids.ts',
    text: '    if (shared === mark.seq) return mark;\n',
    replacement: '    if (shared <= mark.seq) return mark;\n',
    checks: ['[M8]', '[D1]', '[rest]'],
  },
  {
    name: 'merged-twice',
    rule: 'D2',
    what: 'a hub that begins anew has forgotten how far it had judged, and merges again what is sent again',
    file: 'src/replica/life-marks.ts',
    text: '      const mark = this.#mark(vm, life);\n      mark.seq = seq;\n      mark.place = place;\n      mark.forkedFrom = forkedFrom;\n',
    replacement:
      '      const mark = this.#mark(vm, life);\n      mark.seq = 0 * seq;\n      mark.place = place;\n      mark.forkedFrom = forkedFrom;\n',
    checks: ['[D2]', '[M8]', '[D1]'],
  },
  {
    name: 'wrong-node-parked',
    rule: 'M4',
    what: 'of two nodes of one name the one that had it first is parked',
    file: 'src/replica/slots.ts',
    text: 'return compareStamps(a.nameStamp, b.nameStamp) || (a.id < b.id ? -1 : 1);',
    replacement: 'return compareStamps(b.nameStamp, a.nameStamp) || (a.id < b.id ? -1 : 1);',
    checks: ['[D1]', '[D5]'],
  },
  {
    name: 'occurrence-ignored',
    rule: 'M5',
    what: 'concurrent Adds exceed an upper bound of Occurrence',
    file: 'src/replica/slots.ts',
    text: '  const { max } = schema.occurrence;\n',
    replacement: '  const max = Number.POSITIVE_INFINITY;\n',
    checks: ['[M9]', '[D1]', '[D5]'],
  },
  {
    name: 'local-rule-ignored',
    rule: 'S1',
    what: 'what is to stay in a VM is shared',
    file: 'src/replica/scope.ts',
    text: '    this.local = share.local;\n',
    replacement: '    this.local = share.local && false;\n',
    checks: ['[D1]', '[D5]', '[S1]'],
  },
  {
    name: 'local-sent',
    rule: 'S1',
    what: 'records of what stays in a VM are sent to the hub, or written into main by it',
    file: 'src/replica/recorder.ts',
    text: '      : (fold.node(node)?.local ?? false);\n',
    replacement: '      : false;\n',
    checks: ['[S1]'],
  },
  {
    name: 'from-not-judged',
    rule: 'S1',
    what: 'any VM writes what one VM alone may write: neither the command nor the hub refuses it',
    file: 'src/replica/scope.ts',
    text: 'return this.writer === undefined || this.writer === vm;',
    replacement: 'return true;',
    checks: ['[S1]'],
  },
  {
    name: 'from-judged-by-hub-alone',
    rule: 'S1',
    what: 'a command writes what another VM alone may write, and is refused when it is too late',
    file: 'src/replica/scope.ts',
    text: 'this.isWritable = this.isWritableBy(scopes.vm);',
    replacement: "this.isWritable = scopes.vm !== '';",
    checks: ['[S1]'],
  },
  {
    name: 'conflict-not-told',
    rule: 'M8',
    what: 'renames that lost to a concurrent one are not reported',
    file: 'src/replica/hub.ts',
    text: 'for (const conflict of decide(rivalries, this.#state.fold)) this.#noteConflict(conflict);',
    replacement: `for (const conflict of decide(rivalries, this.#state.fold))
      if (conflict.lost.content.kind !== 'name') this.#noteConflict(conflict);`,
    checks: ['[M8]'],
  },
  {
    name: 'clock-not-shifted',
    rule: 'T3',
    what: 'what a wrong clock stamped is not moved to when it was written',
    file: 'src/replica/follower.ts',
    text: 'if (isClockOff || outbox.hasRefusedStamp || moved.size > 0)',
    replacement: 'if (outbox.hasRefusedStamp || moved.size > 0)',
    checks: ['[T3]'],
  },
  {
    name: 'hub-time-not-learnt',
    rule: 'T3',
    what: "a VM goes on stamping by its own clock after it has learnt the hub's time",
    file: 'src/replica/state.ts',
    text: '    this.#offsetMs = (this.#offsetMs ?? 0) + behind;\n',
    replacement: '',
    checks: ['[rest]', '[T3]'],
  },
  {
    name: 'slow-reader-forgotten',
    rule: 'Y6',
    what: 'a slow reader is not sent the difference that makes up for dropped updates',
    file: 'src/sync/owed-updates.ts',
    text: 'if (isBehind) return this.#hub.missing(this.#sentVector);',
    replacement: 'if (isBehind) return undefined;',
    checks: ['an update of main builds on one that is missing', '[D1]'],
  },
  {
    name: 'cleaning-drops',
    rule: 'D5',
    what: 'cleaning the log drops records that are needed',
    file: 'src/replica/main.ts',
    text: 'if (element !== undefined && isLive(element)) kept.push(element);',
    replacement: 'if (element !== undefined && !isLive(element)) kept.push(element);',
    checks: ['[D1]', '[D5]', '[M8]', '[rest]'],
  },
  {
    name: 'beaten-too-early',
    rule: 'D5',
    what: 'a beaten write is let go though a late Delete may yet end its winner alone',
    file: 'src/replica/contested.ts',
    text: 'if (compareStamps(record.stamp, keeper.stamp) > 0 || !outlives(keeper.base, record.base, adds))',
    replacement: 'if (compareStamps(record.stamp, keeper.stamp) > 0)',
    checks: ['[D1]', '[D5]'],
  },
  {
    name: 'snapshot-without-outbox',
    rule: 'Y2',
    what: 'a snapshot takes the place of the journal, and leaves out what waits to be sent',
    file: 'src/replica/core.ts',
    text: '      outbox: [...this.outbox.commands()].map((command) => this.#pendingOf(command)),\n',
    replacement: '      outbox: [],\n',
    checks: ['[M8]', '[Y2]', '[D1]'],
  },
  {
    name: 'snapshot-without-local',
    rule: 'Y2',
    what: 'a snapshot takes the place of the journal, and leaves out what stays in the VM',
    file: 'src/replica/core.ts',
    text: '      local: [...this.localRecords(), ...this.state.fold.withheld()],\n',
    replacement: '      local: [],\n',
    checks: ['[Y2]', '[S1]', '[M7]'],
  },
  {
    name: 'delete-forgotten-at-restart',
    rule: 'M2',
    what: 'a VM that begins anew does not read the Deletes in its log',
    file: 'src/replica/restore.ts',
    text: '      merged: [...this.#main.records()],\n',
    replacement:
      "      merged: [...this.#main.records()].filter(({ content }) => content.kind !== 'delete'),\n",
    checks: ['[D1]', '[D5]', '[Y2]', '[provenance]'],
  },
  {
    name: 'timestamp-stands-still',
    rule: 'P1',
    what: 'a change of a property is not seen in TStamp and VerNo',
    file: 'src/replica/mo-node.ts',
    text: '    for (const register in this.registers) {\n',
    replacement: "    for (const register of ['value', 'name', 'type']) {\n",
    checks: ['[D1]', '[D5]'],
  },
  {
    name: 'removal-not-told',
    rule: 'M4',
    what: 'nobody hears when a node leaves the tree and stays alive',
    file: 'src/replica/changes.ts',
    text: '        if (from !== undefined && isTop(node, after)) removed.push',
    replacement: '        if (from !== undefined && isTop(node, after) && !node.alive) removed.push',
    checks: ['[events]', 'added, and there already', 'removed, and not there', 'renamed'],
  },
  {
    name: 'heartbeat-goes-on',
    rule: 'Y6',
    what: 'a connection that is over goes on ticking',
    file: 'src/vm/follower-link.ts',
    text: '      stopHeartbeat();\n',
    replacement: '      void stopHeartbeat;\n',
    checks: ['[close]'],
  },
];

/** The file with the fault in it. Throws an Error when the text to be replaced is not there exactly once. */
export function withFault({ name, file, text, replacement }: Fault, source: string): string {
  const count = source.split(text).length - 1;
  if (count !== 1) throw new Error(`the fault ${name} replaces what is ${count} times in ${file}: ${text}`);
  return source.replace(text, () => replacement);
}
