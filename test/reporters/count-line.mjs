// Ends a run with one plain line that any log reader can count.
export default class CountLine {
  onRunComplete(_contexts, results) {
    // A suite that could not even load has no test in it: it counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`)
  }
}
