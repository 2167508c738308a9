/**
 * `node scripts/test-summary.mjs REPORT`: the counts of vitest's JSON report on one line, for whoever reads the end of a log. Ends non-zero when a test failed, a
 * test file could not be run, or no test ran at all.
 */
import { existsSync, readFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node scripts/test-summary.mjs REPORT');
const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
const report = text === '' ? emptyReport() : JSON.parse(text);

const { numPassedTests: passed, numPendingTests: pending, numTodoTests: todo } = report;
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
for (const { name, message } of brokenFiles) console.error(`${name} could not be run: ${message}`);
const failed = report.numFailedTests + brokenFiles.length;
if (passed + failed === 0) console.error('no test ran');
console.log(`${passed} passed, ${failed} failed, ${pending + todo} skipped`);
if (failed > 0 || passed === 0) process.exitCode = 1;

function emptyReport() {
  return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
}
