// Answers that are streams: `awslambda.streamifyResponse` and what a handler under it writes to.

import { Writable } from 'node:stream';
import { answer, errorHeaders, request } from './api.mjs';
import { logError } from './console.mjs';
import { errorDocument, Fault } from './errors.mjs';
import { contextOf } from './invoke.mjs';
import { now } from './now.mjs';

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

/** The stream that becomes the answer. The call begins with its first byte, and what is thrown before then is an error
 * like any other. */
class ResponseStream extends Writable {
  #outgoing;
  #answer;
  #contentType = 'application/octet-stream';

  get hasBegun() {
    return this.#outgoing !== undefined;
  }

  setContentType(contentType) {
    if (this.hasBegun) throw new Fault('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.#contentType = contentType;
  }

  write(chunk, ...rest) {
    const isBytes = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(isBytes ? chunk : JSON.stringify(chunk), ...rest);
  }

  _write(chunk, _, done) {
    this.#begin();
    this.#outgoing.write(chunk, done);
  }

  _final(done) {
    this.#begin();
    this.#outgoing.end();
    this.#answer.then(() => done(), done);
  }

  /** Ends what has begun with the error behind it: half an answer is none. */
  async breakOff(error) {
    const { kind, text } = errorHeaders(errorDocument(error));
    this.#outgoing.addTrailers({ [ERROR_TYPE]: kind, [ERROR_BODY]: Buffer.from(text).toString('base64') });
    this.#outgoing.end();
    await this.#answer.catch(() => {});
    this.destroy();
  }

  #begin() {
    if (this.hasBegun) return;
    this.#outgoing = request('POST', `invocation/${now.requestId}/response`, {
      'Content-Type': this.#contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: [ERROR_TYPE, ERROR_BODY],
    });
    this.#answer = answer(this.#outgoing);
    this.#answer.catch((error) => this.destroy(error));
    this._onBeforeFirstWrite?.((bytes) => this.#outgoing.write(bytes));
  }
}

/** The answer of a function URL or an API: its status and headers, eight zero bytes, its body. */
class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    stream._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude));
      write(new Uint8Array(8));
    };
    return stream;
  }
}

/** Gives functions the global `awslambda`. */
export function defineGlobals() {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  const streamifyResponse = (handler, options) => {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    return handler;
  };
  globalThis.awslambda = { streamifyResponse, HttpResponseStream };
}

/** Tells whether a handler streams its answer. */
export function isStreaming(handler) {
  if (!handler[STREAMING]) return false;
  if (handler[STREAMING] === 'response') return true;
  throw new Fault('MalformedStreamingHandler', 'Only response streaming is supported.');
}

/** Runs a handler until its stream has ended. What it throws once that has begun is told behind it, and here. */
export async function stream(handler, headers, body) {
  const output = new ResponseStream({ highWaterMark: handler[HIGH_WATER_MARK] });
  const finished = new Promise((resolve, reject) => {
    output.once('close', resolve).once('error', reject);
    now.whenIdle = () => reject(new Error('Response stream is not finished.'));
  });
  // What it is rejected with is met below, where the handler has not thrown before.
  finished.catch(() => {});
  try {
    const result = handler(JSON.parse(body), output, contextOf(headers));
    if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
    const value = await Promise.race([result, finished.then(() => result)]);
    if (value !== undefined) console.warn('Streaming handlers ignore return values.');
    await finished;
  } catch (error) {
    if (!output.hasBegun) throw error;
    logError('Invoke Error', error);
    await output.breakOff(error);
  }
}
