// Lets names that only LocalStack's networks know lead to this machine, for functions of a lenient engine.
//
// `_ATELIER_HOSTS` lists them: a name, `*.` and a domain, or an address with the port at which it is meant.

import net from 'node:net';

const HERE = '127.0.0.1';
const names = new Set((process.env._ATELIER_HOSTS ?? '').toLowerCase().split(',').filter(Boolean));
const domains = [...names].filter((name) => name.startsWith('*.')).map((name) => name.slice(1));

function isHere(host, port) {
  const name = String(host).toLowerCase();
  return names.has(name) || domains.some((domain) => name.endsWith(domain)) || names.has(`${name}:${port}`);
}

/** Has every connection to such a name made to this machine; what a client says to it (`Host`, TLS) stays. */
export function patchHosts() {
  if (names.size === 0) return;
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function patched(...args) {
    // Node.js itself passes its arguments as one array, in order, that it has marked as its own.
    const list = Array.isArray(args[0]) ? args[0] : args;
    if (typeof list[0] === 'object' && list[0] !== null) {
      const { host, port } = list[0];
      if (isHere(host, port)) list[0] = { ...list[0], host: HERE };
    } else if (typeof list[1] === 'string' && isHere(list[1], list[0])) {
      list[1] = HERE;
    }
    return connect.apply(this, args);
  };
}
