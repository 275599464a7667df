// @ts-check
// Decides who may call the development server. Each call may spend the developer's keys, so pages of
// this machine may call, and others only when the developer names them. The `Host` tells which name
// a page used: a name elsewhere that was pointed at this machine (DNS rebinding) makes its page the
// server's own origin, but cannot change what the browser writes there.
import { StartError } from "./start_error.mjs";

/** @import { AllowedCallers, Environment } from "./settings.ts" */

const HOST_NAME = /^([^\s/:?#@\\[\]*]+|\[[\da-f:.]+\])$/i;
const AUTHORITY = /^([^\s/:?#@\\[\]*]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * Reads FABULA_ALLOWED_ORIGINS, whose form `checkFunctionsSettings` has checked, and
 * FABULA_ALLOWED_HOSTS: names without ports, between commas.
 * @param {Environment} environment
 * @returns {AllowedCallers}
 */
export function readAllowedCallers(environment) {
  const origins = entriesOf(environment["FABULA_ALLOWED_ORIGINS"]).map((each) =>
    each.toLowerCase().replace(/\/$/, ""),
  );
  const hosts = entriesOf(environment["FABULA_ALLOWED_HOSTS"]).map((entry) => {
    const name = HOST_NAME.test(entry) ? hostNameOf(entry) : undefined;
    if (name !== undefined) return name;
    throw new StartError(
      `"${entry}" is no host's name: --allow-host (FABULA_ALLOWED_HOSTS) takes names such as demo.example.com, ` +
        "without https:// and without a port.",
    );
  });
  return { origins: origins.includes("*") ? "*" : origins, hosts };
}

/**
 * Whether the server answers to this `Host`.
 * @param {string | undefined} host
 * @param {AllowedCallers} callers
 * @returns {boolean}
 */
export function isAllowedHost(host, callers) {
  const name = hostNameOf(host ?? "");
  return name !== undefined && isKnownName(name, callers);
}

/**
 * Whether pages of this `Origin` may call. Requests without one do not come from a page's program;
 * `null` is the origin of files and of sandboxed frames, which any page can contain.
 * @param {string | undefined} origin
 * @param {AllowedCallers} callers
 * @returns {boolean}
 */
export function isAllowedOrigin(origin, callers) {
  if (origin === undefined || callers.origins === "*") return true;
  if (callers.origins.includes(origin.toLowerCase())) return true;
  const name = SCHEME.test(origin) ? hostNameOf(origin.replace(SCHEME, "")) : undefined;
  return name !== undefined && isKnownName(name, callers);
}

/**
 * @param {string} name
 * @param {AllowedCallers} callers
 * @returns {boolean}
 */
function isKnownName(name, callers) {
  return isLoopback(name) || callers.hosts.includes(name);
}

/**
 * @param {string} name
 * @returns {boolean}
 */
function isLoopback(name) {
  return /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(name);
}

/**
 * The name in `name:port`, as URLs write it: in lower case, addresses in their shortest form, without
 * the dot of the root; undefined when it is malformed.
 * @param {string} authority
 * @returns {string | undefined}
 */
function hostNameOf(authority) {
  const url = `http://${authority}`;
  if (!AUTHORITY.test(authority) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/\.$/, "");
}

/**
 * @param {string | undefined} list
 * @returns {string[]}
 */
function entriesOf(list) {
  return (list ?? "").split(",").map((each) => each.trim()).filter(Boolean);
}
