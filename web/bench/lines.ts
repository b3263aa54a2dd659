import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

/** Prints what a scenario says as it is, and why one failed on the error output. */
export default class Lines implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onTestBegin(test: TestCase): void {
    process.stderr.write(`  ${test.title}\n`);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    for (const error of result.errors) process.stderr.write(`  ${test.title}: ${error.message ?? ''}\n`);
  }

  onEnd(result: FullResult): void {
    if (result.status !== 'passed') process.stderr.write(`  ${result.status}\n`);
  }
}
