/** Runs whole simulations: of a seed, whose steps are made up as it goes, or of a scenario. */
import type { Coverage } from './coverage.ts';
import { closeAll, finishExecs, startAgain } from './ending.ts';
import { playStep } from './play.ts';
import { Random } from './random.ts';
import { comeToRest } from './rest.ts';
import { checkRest, joinLate } from './rest-check.ts';
import type { Scenario, Step } from './scenario.ts';
import { randomSetup } from './setup.ts';
import { Simulation } from './simulation.ts';
import { StepSource } from './steps.ts';

/** How a simulation went. */
export interface Run {
  /** What replays it. */
  readonly scenario: Scenario;
  readonly coverage: Coverage;
  /** What went wrong; `undefined`: nothing. */
  readonly failure: Error | undefined;
  /** What happened, in lines: the same for the same scenario. */
  readonly log: readonly string[];
  /** How many events ran. */
  readonly events: number;
}

/** Plays so many random steps. */
export function runSeed(seed: string, steps: number): Promise<Run> {
  const random = new Random(seed);
  const setup = randomSetup(random.fork('setup'));
  const stream = random.fork('steps');
  const played: Step[] = [];
  return run({ seed, setup, steps: played }, async (simulation) => {
    const source = new StepSource(stream, simulation);
    await simulation.run(100);
    for (let count = 0; count < steps; count++) {
      const step = source.next();
      played.push(step);
      await playStep(simulation, step);
    }
  });
}

/** Plays a scenario. */
export function replay(scenario: Scenario): Promise<Run> {
  return run(scenario, async (simulation) => {
    await simulation.run(100);
    for (const step of scenario.steps) await playStep(simulation, step);
  });
}

async function run(scenario: Scenario, play: (simulation: Simulation) => Promise<void>): Promise<Run> {
  const simulation = new Simulation(scenario.seed, scenario.setup);
  const strays = new Strays((error) => simulation.failures.add(error));
  let failure: Error | undefined;
  try {
    await play(simulation);
    simulation.ambushes.end();
    await comeToRest(simulation);
    checkRest(simulation);
    await startAgain(simulation);
    await finishExecs(simulation);
    checkRest(simulation);
    joinLate(simulation);
    simulation.sumUp();
    await closeAll(simulation);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  } finally {
    strays.stop();
  }
  const { coverage, log, timeline } = simulation;
  return { scenario, coverage, failure, log, events: timeline.ran };
}

/** Exceptions and rejections that nobody took. */
class Strays {
  readonly #hear: (error: unknown) => void;

  constructor(hear: (error: unknown) => void) {
    this.#hear = hear;
    process.on('uncaughtException', this.#hear);
    process.on('unhandledRejection', this.#hear);
  }

  stop(): void {
    process.off('uncaughtException', this.#hear);
    process.off('unhandledRejection', this.#hear);
  }
}
