/** What a hub remembers of every life of every VM: how far it is judged, and what was refused of it (rule D2). */
import type { Mark, Refusal } from './journal.ts';

interface LifeMark {
  readonly vm: string;
  readonly life: number;
  seq: number;
  refused: Refusal[];
}

/** A bound on what a VM that sends nothing but refusable commands can make a hub remember. */
const maxRefusalsKept = 1_000;

/** Marks move forward only; those that moved are given out once, to be stored. */
export class LifeMarks {
  readonly #byVm = new Map<string, Map<number, LifeMark>>();
  readonly #moved = new Set<LifeMark>();

  constructor(marks: readonly Mark[]) {
    for (const { refused, ...mark } of marks) {
      this.#lives(mark.vm).set(mark.life, { ...mark, refused: [...refused] });
    }
  }

  /** The counter up to which a life is judged; 0 where nothing is. */
  judgedUpTo(vm: string, life: number): number {
    return this.#byVm.get(vm)?.get(life)?.seq ?? 0;
  }

  /** A command is judged, and with it everything before it in its life; a refusal is kept for the VM's next connection, should the answer be lost. */
  judge(vm: string, life: number, seq: number, refusal: Refusal | undefined): void {
    const mark = this.#mark(vm, life);
    if (refusal !== undefined) remember(mark, refusal);
    mark.seq = seq;
    this.#moved.add(mark);
  }

  /** The VM holds nothing of this life before `seq` any more: it knows of the refusals there. */
  forgetRefusals(vm: string, life: number, seq: number): void {
    const mark = this.#byVm.get(vm)?.get(life);
    if (mark === undefined || mark.refused.length === 0) return;
    mark.refused = mark.refused.filter(({ to }) => to >= seq);
    this.#moved.add(mark);
  }

  /** The marks of these lives of a VM, as far as anything of them is judged. */
  of(vm: string, lives: readonly number[]): Mark[] {
    const known = this.#byVm.get(vm);
    return lives.flatMap((life) => known?.get(life) ?? []).map(copy);
  }

  all(): Mark[] {
    return [...this.#byVm.values()].flatMap((lives) => [...lives.values()].map(copy));
  }

  get hasMoved(): boolean {
    return this.#moved.size > 0;
  }

  /** Those that moved since they were taken last. */
  takeMoved(): Mark[] {
    const moved = [...this.#moved].map(copy);
    this.#moved.clear();
    return moved;
  }

  #mark(vm: string, life: number): LifeMark {
    const lives = this.#lives(vm);
    let mark = lives.get(life);
    if (mark === undefined) {
      mark = { vm, life, seq: 0, refused: [] };
      lives.set(life, mark);
    }
    return mark;
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

/** One right after the other for the same reason, as of what builds on one refused Add, are one. */
function remember(mark: LifeMark, refusal: Refusal): void {
  const { code, reason, to } = refusal;
  const last = mark.refused.at(-1);
  const goesOn = last?.to === mark.seq && last.code === code && last.reason === reason;
  if (goesOn) mark.refused.splice(-1, 1, { ...last, to });
  else mark.refused.push(refusal);
  if (mark.refused.length > maxRefusalsKept) mark.refused.shift();
}

function copy({ vm, life, seq, refused }: LifeMark): Mark {
  return { vm, life, seq, refused: [...refused] };
}
