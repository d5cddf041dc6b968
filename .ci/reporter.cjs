// Mocha's dots; a line with the numbers of passed and failed specs in the file that CI_RESULTS names, and each failed spec in CI_FAILURES.
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingReporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on('fail', (spec, error) =>
      failed.push(`Node ${process.version}: ${spec.fullTitle()}\n${error.stack ?? error}\n\n`),
    );
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      appendFileSync(process.env.CI_RESULTS, `${passes} ${failures}\n`);
      appendFileSync(process.env.CI_FAILURES, failed.join(''));
    });
  }
};
