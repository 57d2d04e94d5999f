// One invocation whose answer is one JSON text.

import { Fault } from './errors.mjs';
import { hasCallbacks, now } from './now.mjs';

function toJson(result) {
  try {
    return JSON.stringify(result) ?? 'null';
  } catch {
    const message = 'Unable to stringify response body';
    throw hasCallbacks ? new Error(message) : new Fault('JSONStringifyError', message);
  }
}

function fromHeader(text, name) {
  if (text === undefined) return undefined;
  try {
    // Headers are read as Latin-1, whatever they are.
    return JSON.parse(Buffer.from(text, 'latin1').toString());
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error}`);
  }
}

/** The context of an invocation; where there are callbacks, with the switch for what follows an answer. */
export function contextOf(headers) {
  const { env } = process;
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    ...(hasCallbacks && { callbackWaitsForEmptyEventLoop: true }),
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: fromHeader(headers['lambda-runtime-client-context'], 'ClientContext'),
    identity: fromHeader(headers['lambda-runtime-cognito-identity'], 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function neverSettled() {
  const event = 'The Lambda runtime client detected an unexpected Node.js exit code.';
  const cause = 'This is most commonly caused by a Promise that was never settled.';
  const source = 'For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';
  return new Fault('NodeJsExit', `${event} ${cause} ${source}`);
}

/** Runs a handler up to its answer, which it gives as JSON. */
export function invoke(handler, headers, body) {
  return hasCallbacks ? invokeWithCallbacks(handler, headers, body) : invokeAsync(handler, headers, body);
}

async function invokeAsync(handler, headers, body) {
  const idle = new Promise((_, reject) => {
    now.whenIdle = () => reject(neverSettled());
  });
  return toJson(await Promise.race([handler(JSON.parse(body), contextOf(headers)), idle]));
}

/** The first of all the ways to answer counts: the callback, the context's functions, a promise. */
function invokeWithCallbacks(handler, headers, body) {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const once = (end) => (error, result) => {
      if (isOver) return;
      isOver = true;
      now.whenIdle = () => {};
      end(error, result);
    };
    const answer = (error, result) => {
      if (error !== undefined && error !== null) return reject(error);
      try {
        resolve(toJson(result));
      } catch (unwritable) {
        reject(unwritable);
      }
    };
    let context;
    const done = once(answer);
    const succeed = (result) => done(null, result);
    const fail = (error) => done(error ?? 'handled');
    const callback = once((error, result) => {
      const isFailure = error !== undefined && error !== null;
      if (isFailure || context?.callbackWaitsForEmptyEventLoop === false) return answer(error, result);
      now.whenIdle = () => setImmediate(answer, null, result);
    });
    now.whenIdle = () => {
      // A function may forget to answer; a promise that is never settled is a mistake.
      if (handler.constructor?.name === 'AsyncFunction') fail(neverSettled());
      else succeed(null);
    };
    try {
      context = Object.assign(contextOf(headers), { succeed, fail, done });
      const result = handler(JSON.parse(body), context, callback);
      if (typeof result?.then === 'function') result.then(succeed, fail);
    } catch (error) {
      callback(error);
    }
  });
}
