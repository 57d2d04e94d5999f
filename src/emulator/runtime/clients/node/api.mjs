// The Lambda Runtime API.

import http from 'node:http';
import { log } from './console.mjs';
import { errorDocument } from './errors.mjs';
import { now } from './now.mjs';

const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const agent = new http.Agent({ keepAlive: true });
/** Set by the last call: what a handler does while its process ends is nobody's business. */
let isOver = false;

/** Begins a call. */
export function request(method, path, headers) {
  return http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers });
}

/** The status, the headers and the body of the answer to a call. */
export function answer(outgoing) {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject).on('response', async (response) => {
      try {
        const body = Buffer.concat(await response.toArray());
        resolve({ status: response.statusCode, headers: response.headers, body });
      } catch (error) {
        reject(error);
      }
    });
  });
}

async function call(method, path, body = '', headers = {}) {
  if (isOver) await new Promise(() => {});
  return exchange(method, path, body, headers);
}

async function exchange(method, path, body, headers) {
  const outgoing = request(method, path, { 'Content-Length': Buffer.byteLength(body), ...headers });
  outgoing.end(body);
  try {
    return await answer(outgoing);
  } catch (error) {
    // A connection that was kept may have been closed meanwhile; a new one has no such excuse.
    if (outgoing.reusedSocket) return exchange(method, path, body, headers);
    throw error;
  }
}

/** Waits for an event. */
export async function next() {
  const { status, headers, body } = await call('GET', 'invocation/next').catch(() => ({}));
  // The engine ends this process, or has ended itself.
  if (status !== 200) process.exit(1);
  return { headers, body };
}

/** Posts the result of the invocation that is under way. */
export async function postResult(body) {
  const type = { 'Content-Type': 'application/json' };
  const { status } = await call('POST', `invocation/${now.requestId}/response`, body, type);
  if (status < 400) return;
  const problem = 'LAMBDA_RUNTIME Failed to post handler success response.';
  log(`[ERROR] [${Date.now()}] ${problem} Http response code: ${status}.`);
}

/** Posts an error of the invocation that is under way. */
export async function postError(error) {
  await call('POST', ...errorCall(error));
}

/** Posts the error that ends the process, of the invocation that is under way or of the start, and nothing after it. */
export async function postLastError(error) {
  if (isOver) await new Promise(() => {});
  isOver = true;
  // Nobody may be there to be told.
  await exchange('POST', ...errorCall(error)).catch(() => {});
}

/** An error document and its type, as headers and bodies can carry them. */
export function errorHeaders(document) {
  // A header is ASCII: the name of an error need not be.
  return { kind: String(document.errorType).replace(/[^\x20-\x7e]/g, '?'), text: JSON.stringify(document) };
}

function errorCall(error) {
  const { kind, text } = errorHeaders(errorDocument(error));
  const path = now.requestId === undefined ? 'init/error' : `invocation/${now.requestId}/error`;
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': kind };
  return [path, text, headers];
}
