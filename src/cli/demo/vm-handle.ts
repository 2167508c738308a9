/** A VM process as the conductor sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { type Command, isSuccess, type Outcome } from 'virmo-sync';
import { type Answer, dmServer, type Order, type Role, type Told, type VmSettings } from './messages.ts';

/** Gives orders to one VM process and keeps what it tells. After a failure, or the process's end, every order rejects with the reason. */
export class VmHandle {
  readonly role: Role;
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #told: Told[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<number>;
  #nextId = 1;
  #failure: Error | undefined;

  /** Starts the process; `onTold` hears of everything it tells. */
  constructor(settings: VmSettings, onTold: (role: Role, told: Told) => void) {
    this.role = settings.role;
    const [, script = ''] = process.argv;
    this.#child = fork(script, ['demo-vm', JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: Told | Answer) => {
      if (message.type === 'answer') {
        this.#answers.get(message.id)?.(message);
        this.#answers.delete(message.id);
      } else {
        this.#told.push(message);
        onTold(this.role, message);
        if (message.type === 'failed') this.#fail(new Error(`the ${this.role} VM: ${message.error}`));
      }
      this.#wake();
    });
    this.#child.on('error', (error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code) => {
        this.#fail(new Error(`the ${this.role} VM's process has ended`));
        resolve(code ?? 1);
      });
    });
  }

  /** Everything told so far of one type. */
  told<T extends Told['type']>(type: T): Extract<Told, { type: T }>[] {
    return this.#told.filter((each): each is Extract<Told, { type: T }> => each.type === type);
  }

  /** Resolves when the condition holds, looked at whenever the VM tells something; rejects when the VM fails first. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** A command of the DM server; throws when it does not succeed. */
  async serverDoes(command: Command): Promise<Outcome> {
    return this.#execute(command, dmServer);
  }

  /** A command of the VM itself; throws when it does not succeed. */
  async does(command: Command): Promise<Outcome> {
    return this.#execute(command, undefined);
  }

  async order(body: Order): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId++;
    let answer: Answer | undefined;
    this.#answers.set(id, (given) => {
      answer = given;
    });
    this.#child.send({ id, body });
    await this.until(() => answer !== undefined);
    if (answer === undefined) throw new Error('unanswered');
    return answer;
  }

  /** Closes the VM and waits for its process to end. */
  async close(): Promise<number> {
    if (this.#failure === undefined) await this.order({ order: 'close' });
    return this.#ended;
  }

  kill(): void {
    this.#child.kill();
  }

  async #execute(command: Command, server: string | undefined): Promise<Outcome> {
    const { outcome } = await this.order({ order: 'execute', command, server });
    if (outcome === undefined || !isSuccess(outcome.status)) {
      throw new Error(`${this.role}: ${JSON.stringify(command)} was answered ${outcome?.status}`);
    }
    return outcome;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
