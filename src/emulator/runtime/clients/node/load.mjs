// The function's own code: its file, the module that it is, the handler in it.

import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { log } from './console.mjs';
import { Fault } from './errors.mjs';
import { resolveSync } from './hooks.mjs';
import { hasCallbacks, runtime } from './now.mjs';
import { isStreaming } from './stream.mjs';

// A module that is not found names the file that asked for it: at AWS, the runtime's only one.
const require = createRequire(new URL('index.mjs', import.meta.url));

/** Tells whether the nearest `package.json` above makes a folder's `.js` files ES modules. */
function isModuleFolder(folder) {
  if (path.basename(folder) === 'node_modules') return false;
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file)).type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = path.dirname(folder);
  return parent !== folder && isModuleFolder(parent);
}

/** Lets `import` find what `require` finds through `NODE_PATH`, as AWS's Node.js does. */
function followNodePath() {
  const folders = (process.env.NODE_PATH ?? '').split(path.delimiter);
  if (!folders.some((folder) => path.basename(folder) === 'node_modules')) return;
  if (Module.registerHooks) Module.registerHooks({ resolve: resolveSync });
  else Module.register?.('./hooks.mjs', import.meta.url);
}

async function loadModule(root, folder, name) {
  const base = path.resolve(root, folder, name);
  const isModule = fs.existsSync(`${base}.js`) && isModuleFolder(path.dirname(base));
  // A folder of the name counts too: it is `require` that knows what is loaded of it.
  const files = [
    [base, false],
    [`${base}.js`, isModule],
    [`${base}.mjs`, true],
    [`${base}.cjs`, false],
  ];
  const found = files.find(([file]) => fs.existsSync(file));
  if (!found) return require(require.resolve(name, { paths: [root, path.join(root, folder)] }));
  const [file, isImported] = found;
  if (!isImported) return require(file);
  followNodePath();
  return import(pathToFileURL(file).href);
}

/** Says how to get the AWS SDK, when that is what a function lacks. */
export function hintAtSdk(error) {
  const isMissing = error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND';
  const name = isMissing && /'((?:@aws-sdk|@smithy)\/[^']*)'/.exec(error.message)?.[1];
  if (name) log(`atelier: this Node.js has no \`${name}\`; \`atelier runtimes install ${runtime}\` gets it`);
}

/** Finds a handler (`folder/file.member.member`) below the function's root. */
export async function load(root, handler) {
  if (handler.includes('..')) {
    const remedy = 'Use absolute paths when specifying root directories in handler names.';
    throw new Fault('MalformedHandlerName', `'${handler}' is not a valid handler name. ${remedy}`);
  }
  const file = path.basename(handler);
  const [, name, members] = /^([^.]*)\.(.*)$/.exec(file) ?? [];
  if (name === undefined) throw new Fault('MalformedHandlerName', 'Bad handler');
  let loaded;
  try {
    loaded = await loadModule(root, handler.slice(0, handler.indexOf(file)), name);
  } catch (error) {
    hintAtSdk(error);
    if (error instanceof SyntaxError) throw new Fault('UserCodeSyntaxError', String(error), error.stack);
    if (error?.code === 'MODULE_NOT_FOUND') throw new Fault('ImportModuleError', String(error));
    throw error;
  }
  const member = (value) => members.split('.').reduce((inner, key) => inner?.[key], value);
  const found = member(loaded) || (hasCallbacks ? undefined : member(loaded.default));
  check(found, handler);
  return found;
}

/** Says of a handler whose last parameter is a callback what AWS says of it. */
function warnOfCallback(handler) {
  const isAsync = handler.constructor?.name === 'AsyncFunction';
  if (isAsync || handler.length !== 3 || process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING !== undefined) return;
  const plan = 'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24.';
  const remedy = 'You will need to update this function to use an async handler to use Node.js 24 or later.';
  const page = 'https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137';
  const source = `For more information and to provide feedback on this change, see ${page}.`;
  const off = 'To disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.';
  console.warn(`${plan} ${remedy} ${source} ${off}`);
}

function check(found, handler) {
  if (!found) throw new Fault('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw new Fault('HandlerNotFound', `${handler} is not a function`);
  if (isStreaming(found)) return;
  if (hasCallbacks) warnOfCallback(found);
  if (hasCallbacks || found.length < 3) return;
  const reason = 'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24.';
  const remedy = 'You need to modify this function to use a supported handler signature to use Node.js 24 or later.';
  const source = 'For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';
  throw new Fault('CallbackHandlerDeprecated', `ERROR: ${reason} ${remedy} ${source}`);
}
