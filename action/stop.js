// The action's last step, after all others of the job: ends the engine. Where none was started there is nothing to do.
'use strict';

const { must, fail } = require('./runner.js');

try {
  const binary = process.env.STATE_binary;
  if (binary) {
    process.env.ATELIER_BINARY = binary;
    must(['down', '--yes']);
  }
} catch (error) {
  fail(error);
}
