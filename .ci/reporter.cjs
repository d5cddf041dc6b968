// Mocha's dots, and a line with the numbers of passed and failed specs in the file that CI_RESULTS names.
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingReporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      appendFileSync(process.env.CI_RESULTS, `${passes} ${failures}\n`);
    });
  }
};
