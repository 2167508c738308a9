/** A worker of `npm run test:sim`: runs one seed after the other, as it is told. */
import type { Finding, Job } from './crew.ts';
import { runSeed } from './run.ts';
import { writeScenario } from './scenario.ts';

process.on('message', (job: Job) => {
  void work(job).then((finding) => process.send?.(finding));
});

async function work({ seed, steps }: Job): Promise<Finding> {
  const { failure, coverage, scenario } = await runSeed(seed, steps);
  return {
    seed,
    coverage: coverage.toJSON(),
    failure: failure && { message: failure.message, stack: failure.stack ?? '' },
    scenario: failure && writeScenario(scenario),
  };
}
