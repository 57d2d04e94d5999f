// Node's hooks for names that are imported: what is found nowhere else may be in a folder of `NODE_PATH`, where only
// `require` looks. Newer Node.js calls the one that does not wait, older has a thread of its own for the other.

import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Files that nobody has, beside each folder `node_modules` of `NODE_PATH`: a package is looked up from there. */
function parents(specifier) {
  const isBare = !/^(\.{0,2}\/|[a-z]+:)/.test(specifier);
  const folders = isBare ? (process.env.NODE_PATH ?? '').split(path.delimiter) : [];
  const packages = folders.filter((folder) => path.basename(folder) === 'node_modules');
  return packages.map((folder) => pathToFileURL(path.join(folder, '..', 'nobody.mjs')).href);
}

/** The hook of the thread. */
export async function resolve(specifier, context, nextResolve) {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    for (const parentURL of parents(specifier)) {
      const found = await nextResolve(specifier, { ...context, parentURL }).catch(() => undefined);
      if (found) return found;
    }
    throw error;
  }
}

/** The hook that does not wait. */
export function resolveSync(specifier, context, nextResolve) {
  const attempt = (parentURL) => nextResolve(specifier, { ...context, parentURL });
  try {
    return attempt(context.parentURL);
  } catch (error) {
    for (const parentURL of parents(specifier)) {
      try {
        return attempt(parentURL);
      } catch {
        // The next folder may have it.
      }
    }
    throw error;
  }
}
