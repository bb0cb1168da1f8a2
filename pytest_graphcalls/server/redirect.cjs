// Leads the connections of a Node process for Microsoft's hosts to the simulator, and refuses every other host.
// Loaded by NODE_OPTIONS=--require. It sits below fetch, http, https and every package on them, so none needs a proxy.
'use strict';
const net = require('node:net');

const to = process.env.GRAPHCALLS_REDIRECT_TO;
const hosts = (process.env.GRAPHCALLS_REDIRECT_HOSTS || '').split(',').filter(Boolean);

const isSimulated = (host) =>
  hosts.some((name) => (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name));
const isLocal = (host) =>
  host === 'localhost' || host === '::1' || host.startsWith('127.') || host === '0.0.0.0' || host === '::';

if (to) {
  const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(to);
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    // net.connect hands its arguments on as one normalized array; others give options, or port and host.
    const list = Array.isArray(given[0]) ? given[0] : given;
    const options = typeof list[0] === 'object' && list[0] !== null ? list[0] : { port: list[0], host: list[1] };
    const host = String(options.host || 'localhost').toLowerCase();
    if (options.path || isLocal(host)) return connect.apply(this, given);
    const done = list.find((one) => typeof one === 'function');
    if (isSimulated(host) && Number(options.port) === 443) {
      // The name stays where TLS reads it: in servername, which https, tls and fetch have set by now.
      return connect.call(this, { ...options, host: address, port: Number(port), lookup: undefined }, done);
    }
    const what = `[pytest-graphcalls] ${host}:${options.port} is no host that graphcalls simulates (https alone).`;
    const error = Object.assign(new Error(what), { code: 'ECONNREFUSED', syscall: 'connect', address: host });
    process.nextTick(() => this.destroy(error));
    return this;
  };
}
