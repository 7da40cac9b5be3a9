/** Ends a run with `N passed, N failed` (`, N skipped`) alone on the last line: what scripts and build servers read. */
export default class LastLineReporter {
  onRunComplete(_contexts, results) {
    // A file that does not even load fails none of its tests; it counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const counts = [`${results.numPassedTests} passed`, `${failed} failed`];
    if (skipped > 0) counts.push(`${skipped} skipped`);
    // After the summary of the default reporter, which writes to stderr.
    process.stderr.write('\n', () => process.stdout.write(`${counts.join(', ')}\n`));
  }
}
