// Runs a Lambda function in this Node.js: takes events from the Lambda Runtime API, calls the handler, posts answers.
//
// What functions, their callers and their logs see is what AWS's own Node.js runtimes show: the context object, the
// documents of errors, the console, the words. For Node.js 18 to 24, without packages. Up to the runtime `nodejs22.x` a
// handler may answer through callbacks; from 24 on it may not. Written by atelier into the engine's folder; its settings
// are Lambda's own variables.

import { next, postError, postLastError, postResult } from './api.mjs';
import { logError, patchConsole } from './console.mjs';
import { Fault } from './errors.mjs';
import { patchHosts } from './hosts.mjs';
import { invoke } from './invoke.mjs';
import { hintAtSdk, load } from './load.mjs';
import { hasCallbacks, now } from './now.mjs';
import { defineGlobals, isStreaming, stream } from './stream.mjs';

async function serve(handler) {
  for (;;) {
    const { headers, body } = await next();
    now.requestId = headers['lambda-runtime-aws-request-id'];
    now.tenantId = headers['lambda-runtime-aws-tenant-id'];
    try {
      if (isStreaming(handler)) await stream(handler, headers, body);
      else await postResult(await invoke(handler, headers, body));
    } catch (error) {
      hintAtSdk(error);
      logError('Invoke Error', error);
      await postError(error);
    } finally {
      now.whenIdle = () => {};
    }
  }
}

/** Tells of what nobody caught, and ends the process, whose state nobody knows any more. */
async function die(title, error, code) {
  logError(title, error);
  await postLastError(error);
  process.exit(code);
}

async function main() {
  patchConsole();
  patchHosts();
  defineGlobals();
  process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason, promise) => {
    const error = Object.assign(new Fault('UnhandledPromiseRejection', String(reason)), { reason, promise });
    return die('Unhandled Promise Rejection', error, 128);
  });
  process.on('beforeExit', () => now.whenIdle());
  let handler;
  try {
    handler = await load(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), process.env._HANDLER ?? '');
  } catch (error) {
    await (hasCallbacks ? die('Uncaught Exception', error, 129) : die('Init Error', error, 1));
  }
  // What the start has left to nobody to catch is told before it asks for work.
  await new Promise(setImmediate);
  await serve(handler);
}

main();
