// What the other files know of the runtime and of the invocation that is under way.

/** The runtime that the function was made for (`nodejs22.x`). */
export const runtime = (process.env.AWS_EXECUTION_ENV ?? '').replace('AWS_Lambda_', '');

const major = Number(/^nodejs(\d+)/.exec(runtime)?.[1] ?? process.versions.node.split('.')[0]);

/** Whether a handler may answer through callbacks: AWS took that away with Node.js 24. */
export const hasCallbacks = major < 24;

/** The invocation that is under way. */
export const now = {
  /** Its id; none before the first. */
  requestId: undefined,
  /** Its tenant, where functions have any. */
  tenantId: undefined,
  /** Called when nothing is left to do in the event loop. */
  whenIdle: () => {},
};
