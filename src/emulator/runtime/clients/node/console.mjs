// The console, whose every line carries the time, the request and the level.
//
// An entry that has several lines in it is written with `\r` between them, so that it stays one event of the log.

import { format } from 'node:util';
import { errorDocument, errorEntry, errorEntryOfJson } from './errors.mjs';
import { hasCallbacks, now } from './now.mjs';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const isJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';

/** Writes one event of the log. */
export function log(text) {
  process.stdout.write(text.replaceAll('\n', '\r') + '\n');
}

function jsonEntry(level, parameters) {
  const entry = { timestamp: new Date().toISOString(), level, requestId: now.requestId };
  if (now.tenantId) entry.tenantId = now.tenantId;
  if (parameters.length === 1) {
    try {
      const readable = (_, value) => (value instanceof Error ? errorEntryOfJson(value) : value);
      return JSON.stringify({ ...entry, message: parameters[0] }, readable);
    } catch {
      return JSON.stringify({ ...entry, message: format(parameters[0]) });
    }
  }
  entry.message = format(...parameters);
  const error = parameters.find((parameter) => parameter instanceof Error);
  if (!error) return JSON.stringify(entry);
  const { errorType, errorMessage, stackTrace } = errorEntryOfJson(error);
  return JSON.stringify({ ...entry, errorType, errorMessage, stackTrace });
}

function textEntry(level, parameters) {
  // Before the first invocation the older runtimes say that there is no id, the newer say nothing.
  const id = now.requestId ?? (hasCallbacks ? 'undefined' : '');
  return [new Date().toISOString(), id, level, format(...parameters)].join('\t');
}

/** Puts ours in the place of the console's functions; those below `AWS_LAMBDA_LOG_LEVEL` say nothing. */
export function patchConsole() {
  const least = Math.max(LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()), 0);
  const entry = isJson ? jsonEntry : textEntry;
  LEVELS.forEach((level, at) => {
    const isTold = at >= least || level === 'FATAL';
    // Who says nothing says `undefined`, as at AWS.
    const tell = (first, ...others) => log(entry(level, [first, ...others]));
    console[level.toLowerCase()] = isTold ? tell : () => {};
  });
  console.log = console.info;
}

/** Tells of an error that ended an invocation, or the process. */
export function logError(title, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(thrown);
  if (isJson) return console.error(error);
  let text;
  try {
    text = JSON.stringify(error, (_, value) => (value instanceof Error ? errorEntry(value) : value));
  } catch {
    text = JSON.stringify(errorDocument(error));
  }
  console.error(title, `\t${text}`);
}
