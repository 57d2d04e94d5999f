// Errors, as AWS names them and writes them down.

import { types } from 'node:util';

/** An error of the runtime, under the name that AWS gives it. */
export class Fault extends Error {
  constructor(kind, message, stack) {
    super(message);
    Object.defineProperty(this, 'name', { value: `Runtime.${kind}` });
    this.stack = stack ?? this.stack.replace(/^Error/, this.name);
  }
}

/** The error document of whatever a function threw. */
export function errorDocument(error) {
  try {
    const isError = types.isNativeError(error) || (error?.name && error.message && error.stack);
    if (!isError) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
  } catch {
    const problem = 'there was a problem while retrieving one or more of its message, name, and stack';
    return { errorType: 'handled', errorMessage: `callback called with Error argument, but ${problem}`, trace: [] };
  }
}

/** What stands in an error's place in an entry of the log: its own members are hidden from `JSON.stringify`. */
export function errorEntry(error) {
  const entry = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  return typeof error.stack === 'string' ? { ...entry, stack: error.stack.split('\n') } : entry;
}

/** The same in a log whose format is JSON, which names its members in another way. */
export function errorEntryOfJson(error) {
  const errorType = error.constructor?.name ?? 'UnknownError';
  const stackTrace = typeof error.stack === 'string' ? error.stack.split('\n') : error.stack;
  return { errorType, errorMessage: error.message, stackTrace, ...error };
}
