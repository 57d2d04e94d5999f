// The action's main step: installs atelier, starts an engine, exports what its clients need, and on request deploys and
// tests. Everything that it does is a command that anyone can type.
'use strict';

const path = require('node:path');
const { input, flag, tell, assign, run, atelier, must, fail } = require('./runner.js');

/** Where releases are: at the repository that this action is of, unless a place is named. */
function releases() {
  const { ATELIER_RELEASES, GITHUB_ACTION_REPOSITORY, GITHUB_REPOSITORY, GITHUB_SERVER_URL } = process.env;
  // The workflow's own repository is that of an action which is named by a path.
  const repository = GITHUB_ACTION_REPOSITORY || GITHUB_REPOSITORY;
  return ATELIER_RELEASES || (repository && `${GITHUB_SERVER_URL || 'https://github.com'}/${repository}/releases`);
}

/** Where the binary is, installed from a release where none is named. */
function install() {
  const named = input('atelier');
  if (named) return path.resolve(named);
  const folder = path.resolve(process.env.RUNNER_TOOL_CACHE || process.env.RUNNER_TEMP || '.', 'atelier', 'bin');
  const script = path.join(__dirname, '..', 'install.sh');
  const args = [script, '--version', input('version') || 'latest', '--to', folder];
  const env = { ...process.env, ATELIER_RELEASES: releases() };
  if (run('sh', args, { env }).status !== 0) throw new Error('atelier could not be installed; the reason is above');
  return path.join(folder, 'atelier');
}

/** A cell of a table in Markdown: text, whatever is in it. */
function cell(text) {
  return String(text ?? '').replace(/[\\|`*_<>[\]&]/g, (sign) => `&#${sign.codePointAt(0)};`).replace(/\s+/g, ' ');
}

/** The table of a test's checks, in Markdown. */
function summary(report) {
  const rows = report.checks.map(({ passed, name, status, millis, problems }) =>
    `| ${passed ? 'passed' : '**failed**'} | ${cell(name)} | ${status ?? '-'} | ${millis} ms | ${cell(problems.join('; '))} |`);
  return ['### atelier test', '', '| | check | status | time | problems |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function main() {
  const deploys = flag('deploy') || flag('test');
  const binary = install();
  process.env.ATELIER_BINARY = binary;
  // The post step is another process.
  assign('GITHUB_STATE', 'binary', binary);
  tell('GITHUB_PATH', path.dirname(binary));

  const up = must(['up', '--engine', input('engine') || 'embedded', '--port', input('port') || '0', ...(flag('lenient') ? ['--lenient'] : [])]);
  assign('GITHUB_OUTPUT', 'url', up.data.url);
  const deployed = deploys ? must(['deploy']) : undefined;
  if (deployed) assign('GITHUB_OUTPUT', 'api-url', deployed.data.url);

  const { variables } = must(['env']).data;
  for (const [name, value] of Object.entries(variables)) {
    // They open this engine only, and it ends with the job; a log is still no place for them.
    if (/SECRET|TOKEN|KEY/.test(name)) process.stdout.write(`::add-mask::${value}\n`);
    assign('GITHUB_ENV', name, value);
  }

  if (flag('test')) {
    const tested = atelier(['test']);
    if (tested.data?.checks) tell('GITHUB_STEP_SUMMARY', summary(tested.data));
    if (tested.error) throw new Error(`atelier test: ${tested.error.message}`);
  }
}

try {
  main();
} catch (error) {
  fail(error);
}
