/** What a hub remembers of every life of every VM: how far it is judged, by which commands, and what was refused of it (rules D2, Y4). */
import type { JudgedCommand, Mark, Refusal, StoredMark, WriteKey } from './journal.ts';
import { JudgedTally } from './judged-tally.ts';

interface LifeMark {
  readonly vm: string;
  readonly life: number;
  seq: number;
  place: number;
  forkedFrom: number;
  trail: JudgedCommand[];
  /** Of the trail, so many of the last ones are not given out to be stored. */
  fresh: number;
  refused: Refusal[];
}

/** A bound on what a VM that sends nothing but refusable commands can make a hub remember. */
const maxRefusalsKept = 1_000;
/** So many commands of a life are remembered. What a VM had on its way beyond them when it crashed it sends again under new write ids. */
const maxTrail = 256;
/** Of so many lives of a VM; of older ones the last command alone. */
const maxTrails = 8;
/** So many lives of a VM are remembered however long they are over: a VM makes one with each connection. */
const minLives = 64;

/** Marks move forward only; those that moved are given out once, to be stored. */
export class LifeMarks {
  readonly tally: JudgedTally = new JudgedTally();
  readonly #byVm = new Map<string, Map<number, LifeMark>>();
  readonly #moved = new Set<LifeMark>();
  /** The latest lives of each VM. */
  readonly #latest = new Map<string, LifeMark[]>();

  /** As they were stored, in that order: of one life also several times, each with what was judged since. */
  constructor(marks: readonly StoredMark[]) {
    for (const { vm, life, seq, place, forkedFrom, trail, refused } of marks) {
      const mark = this.#mark(vm, life);
      mark.seq = seq;
      mark.place = place;
      mark.forkedFrom = forkedFrom;
      mark.refused = [...refused];
      for (const command of trail) append(mark, command);
    }
  }

  /** The counter up to which a life is judged; 0 where nothing is. */
  judgedUpTo(vm: string, life: number): number {
    return this.#byVm.get(vm)?.get(life)?.seq ?? 0;
  }

  /** A command is judged by a place, as its last record and token name it, and with it everything before it in its life; a refusal is kept for the VM's next connection, should the answer be lost. */
  judge(vm: string, { life, seq, token }: WriteKey & JudgedCommand, place: number, refusal?: Refusal): void {
    const mark = this.#mark(vm, life);
    if (refusal !== undefined) remember(mark, refusal);
    mark.seq = seq;
    mark.place = place;
    append(mark, { seq, token });
    mark.fresh++;
    this.#moved.add(mark);
    this.tally.judged(vm, refusal !== undefined);
  }

  /** Something else was judged under a write id than VMs keep as lost: from there on the mark says nothing of what they keep (rule Y4). */
  fork(vm: string, { life, seq }: WriteKey): void {
    const mark = this.#byVm.get(vm)?.get(life);
    if (mark === undefined || (mark.forkedFrom > 0 && mark.forkedFrom <= seq)) return;
    mark.forkedFrom = seq;
    this.#moved.add(mark);
  }

  /** Whether that happened to this life, up to this counter. */
  isForked(vm: string, { life, seq }: WriteKey): boolean {
    const { forkedFrom = 0 } = this.#byVm.get(vm)?.get(life) ?? {};
    return forkedFrom > 0 && forkedFrom <= seq;
  }

  /** The VM holds nothing of this life before `seq` any more: it knows of the refusals there. */
  forgetRefusals(vm: string, { life, seq }: WriteKey): void {
    const mark = this.#byVm.get(vm)?.get(life);
    if (mark === undefined || mark.refused.length === 0) return;
    mark.refused = mark.refused.filter(({ to }) => to >= seq);
    this.#moved.add(mark);
  }

  /** The marks of these lives of a VM, as far as anything of them is judged, with what was judged from these counters on. */
  of(vm: string, pending: readonly WriteKey[]): Mark[] {
    const known = this.#byVm.get(vm);
    const firsts = new Map(pending.map(({ life, seq }) => [life, seq]));
    return [...firsts].flatMap(([life, first]) => {
      const mark = known?.get(life);
      return mark === undefined ? [] : { ...copy(mark), trail: mark.trail.filter(({ seq }) => seq >= first) };
    });
  }

  /** Forgets lives that were judged to their end by a place which all VMs have seen (rule Y5): nothing of them waits anywhere, but with a VM that was put back to before that. */
  forget(upTo: number): void {
    for (const lives of this.#byVm.values()) {
      let spare = lives.size - minLives;
      for (const [life, { place }] of lives) {
        if (spare-- <= 0) break;
        if (place <= upTo) lives.delete(life);
      }
    }
  }

  all(): StoredMark[] {
    return [...this.#byVm.values()].flatMap((lives) => [...lives.values()].map(copy));
  }

  /** All marks, as one VM may know them: what others were refused is not for it. */
  toldTo(vm: string): Mark[] {
    return this.all().map((mark) => (mark.vm === vm ? mark : { ...mark, trail: [], refused: [] }));
  }

  get hasMoved(): boolean {
    return this.#moved.size > 0;
  }

  /** Those that moved since they were taken last, with what was judged since: they go into the journal. */
  takeMoved(): StoredMark[] {
    const moved = [...this.#moved].map((mark) => {
      const trail = mark.fresh === 0 ? [] : mark.trail.slice(-mark.fresh);
      mark.fresh = 0;
      return { ...copy(mark), trail };
    });
    this.#moved.clear();
    this.tally.written();
    return moved;
  }

  #mark(vm: string, life: number): LifeMark {
    const lives = this.#lives(vm);
    let mark = lives.get(life);
    if (mark === undefined) {
      mark = { vm, life, seq: 0, place: 0, forkedFrom: 0, trail: [], fresh: 0, refused: [] };
      lives.set(life, mark);
      this.#shorten(vm, mark);
    }
    return mark;
  }

  #shorten(vm: string, newest: LifeMark): void {
    const latest = this.#latest.get(vm) ?? [];
    this.#latest.set(vm, latest);
    latest.push(newest);
    const older = latest.length > maxTrails ? latest.shift() : undefined;
    if (older !== undefined) older.trail = older.trail.slice(-1);
  }

  #lives(vm: string): Map<number, LifeMark> {
    let lives = this.#byVm.get(vm);
    if (lives === undefined) {
      lives = new Map();
      this.#byVm.set(vm, lives);
    }
    return lives;
  }
}

/** Twice as many at times, so that not each one moves all others. */
function append(mark: LifeMark, command: JudgedCommand): void {
  mark.trail.push(command);
  if (mark.trail.length >= 2 * maxTrail) mark.trail = mark.trail.slice(-maxTrail);
}

/** One right after the other for the same reason, as of what builds on one refused Add, are one. */
function remember(mark: LifeMark, refusal: Refusal): void {
  const { code, reason, to } = refusal;
  const last = mark.refused.at(-1);
  const goesOn = last?.to === mark.seq && last.code === code && last.reason === reason;
  if (goesOn) mark.refused.splice(-1, 1, { ...last, to });
  else mark.refused.push(refusal);
  if (mark.refused.length > maxRefusalsKept) mark.refused.shift();
}

function copy({ vm, life, seq, place, forkedFrom, trail, refused }: LifeMark): StoredMark {
  return { vm, life, seq, place, forkedFrom, trail: [...trail], refused: [...refused] };
}
