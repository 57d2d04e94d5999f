// Errors, as AWS names them and writes them down.

import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

/** This client's folder, as stacks name it and as the system does. */
const FOLDERS = [new URL('.', import.meta.url).pathname, fileURLToPath(new URL('.', import.meta.url))];

/** A text of an error with AWS's folder in the place of this client's, which is one of the machine's user. */
function told(text) {
  if (typeof text !== 'string') return text;
  return FOLDERS.reduce((shown, folder) => shown.replaceAll(folder, '/var/runtime/'), text);
}

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
    return { errorType: error.name, errorMessage: told(error.message), trace: told(error.stack)?.split('\n') ?? [] };
  } catch {
    const problem = 'there was a problem while retrieving one or more of its message, name, and stack';
    return { errorType: 'handled', errorMessage: `callback called with Error argument, but ${problem}`, trace: [] };
  }
}

/** What stands in an error's place in an entry of the log: its own members are hidden from `JSON.stringify`. */
export function errorEntry(error) {
  const entry = { errorType: error.name, errorMessage: told(error.message), code: error.code, ...error };
  return typeof error.stack === 'string' ? { ...entry, stack: told(error.stack).split('\n') } : entry;
}

/** The same in a log whose format is JSON, which names its members in another way. */
export function errorEntryOfJson(error) {
  const errorType = error.constructor?.name ?? 'UnknownError';
  const stackTrace = typeof error.stack === 'string' ? told(error.stack).split('\n') : error.stack;
  return { errorType, errorMessage: told(error.message), stackTrace, ...error };
}
