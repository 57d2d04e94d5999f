// What GitHub's runner offers to a JavaScript action: inputs as variables, and files that later steps are told through.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
'use strict';

const { appendFileSync } = require('node:fs');
const { randomUUID } = require('node:crypto');
const { spawnSync } = require('node:child_process');

/** The value of an input, without spaces around it. */
function input(name) {
  return (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
}

/** Whether an input is `true`; what is neither `true` nor `false` is refused. */
function flag(name) {
  const value = input(name).toLowerCase();
  if (value !== 'true' && value !== 'false' && value !== '') {
    throw new Error(`the input ${name} is true or false, not ${value}`);
  }
  return value === 'true';
}

/** Appends to the file that a variable of the runner names; outside a runner there is none. */
function tell(file, text) {
  const path = process.env[file];
  if (path) appendFileSync(path, `${text}\n`);
}

/** Writes a named value to such a file, whatever is in it: the delimiter cannot be guessed. */
function assign(file, name, value) {
  const delimiter = `end-${randomUUID()}`;
  tell(file, `${name}<<${delimiter}\n${value}\n${delimiter}`);
}

/** Runs a program, whose standard error is the step's log, and returns its status and output. */
function run(program, args, options = {}) {
  const ran = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });
  if (ran.error) throw new Error(`cannot run ${program}: ${ran.error.message}`);
  return { status: ran.status ?? 1, stdout: ran.stdout };
}

/** Runs atelier with `--json` and returns the envelope and the exit code. */
function atelier(args) {
  const { status, stdout } = run(process.env.ATELIER_BINARY, [...args, '--json'], { cwd: input('working-directory') || '.' });
  try {
    return { status, ...JSON.parse(stdout) };
  } catch {
    throw new Error(`atelier ${args[0]} ended with ${status} and without an answer`);
  }
}

/** As [atelier], for what must succeed: a failure is an error with its hints. */
function must(args) {
  const answer = atelier(args);
  if (answer.status === 'error' || answer.error) {
    const hints = (answer.error?.hints ?? []).map((hint) => `\n  hint: ${typeof hint === 'string' ? hint : JSON.stringify(hint)}`);
    throw new Error(`atelier ${args[0]}: ${answer.error?.message}${hints.join('')}`);
  }
  return answer;
}

/** Ends the step with an error of one line in the job's overview. */
function fail(error) {
  const text = error.message.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  process.stdout.write(`::error title=atelier::${text}\n`);
  process.exitCode = 1;
}

module.exports = { input, flag, tell, assign, run, atelier, must, fail };
