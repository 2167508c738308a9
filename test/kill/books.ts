/** Everything that is known of a run: what VMs told, put where it is checked. */
import { CommandBook } from './command-book.ts';
import { ConflictBook } from './conflict-book.ts';
import { ExecBook } from './exec-book.ts';
import type { Told } from './messages.ts';

export class Books {
  readonly commands: CommandBook = new CommandBook();
  readonly conflicts: ConflictBook = new ConflictBook();
  readonly execs: ExecBook = new ExecBook();
  readonly problems: string[] = [];

  /** A VM told something of what it does. */
  hear(vm: string, told: Told): void {
    switch (told.type) {
      case 'begun':
        this.commands.begun(told.mark, told.effects);
        if (told.isExec) this.execs.begun(told.mark);
        return;
      case 'saw':
        this.commands.saw(told.mark, told.leaves);
        return;
      case 'answered':
        this.commands.answered(told.mark);
        this.execs.answered(told.mark);
        return;
      case 'conflict':
        this.conflicts.told(told.where, told.lost, told.kept);
        return;
      case 'ran':
        this.execs.ran(told.exec);
        return;
      case 'outcome':
        this.execs.outcome(told);
        return;
      case 'wrong':
        this.problems.push(`${vm}: ${told.what}`);
        return;
      case 'answer':
      case 'loaded':
      case 'opened':
      case 'serving':
        return;
    }
  }
}
