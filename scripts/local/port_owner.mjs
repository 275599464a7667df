// @ts-check
// Finds the program that listens on a port of this machine.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** @typedef {{ name: string, pid: number, command: string }} Program */

/**
 * In words for a developer; undefined when no program listens there.
 * @param {number} port
 * @returns {string | undefined}
 */
export function describeListener(port) {
  const listener = existsSync("/proc/net/tcp") ? listenerFromProc(port) : listenerFromLsof(port);
  if (listener === undefined) return undefined;
  if (listener === "hidden") return "a program of another user (perhaps `supabase start`)";
  const guess = guessProgram(listener);
  return `${listener.name} (process ${listener.pid}${guess ? `, ${guess}` : ""})`;
}

/**
 * @param {Program} program
 * @returns {string}
 */
function guessProgram({ name, command }) {
  if (/docker|rootlesskit|slirp4netns|podman/.test(name)) return "probably `supabase start`";
  if (/build\/local\/main\.js/.test(command)) return "a Fabula development server";
  return "";
}

/**
 * Linux: the listening socket's inode from the kernel's table, then the process that holds it. Whose
 * processes are another user's cannot be looked into.
 * @param {number} port
 * @returns {Program | "hidden" | undefined}
 */
function listenerFromProc(port) {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter(existsSync);
  const inodes = new Set(
    tables.flatMap((table) => listeningInodes(readFileSync(table, "utf8"), port)),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (!holdsOneOf(pid, inodes)) continue;
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      // Not /proc/PID/comm: that is the name of a thread.
      return { pid: Number(pid), name: basename(words[0] ?? ""), command: words.join(" ") };
    } catch {
      // The process has ended meanwhile, or belongs to another user.
    }
  }
  return "hidden";
}

/**
 * @param {string} pid
 * @param {Set<string>} inodes
 * @returns {boolean}
 */
function holdsOneOf(pid, inodes) {
  return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
    const target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    return inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "");
  });
}

/**
 * From the text of /proc/net/tcp (proc_pid_net(5)): the fields are number, local address, remote
 * address, state, and after five others the inode.
 * @param {string} table
 * @param {number} port
 * @returns {string[]}
 */
function listeningInodes(table, port) {
  const LISTEN = "0A";
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === LISTEN)
    .map((fields) => fields[9] ?? "");
}

/**
 * @param {number} port
 * @returns {Program | "hidden" | undefined}
 */
function listenerFromLsof(port) {
  try {
    const output = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const pid = /^p(\d+)$/m.exec(output)?.[1];
    const name = /^c(.+)$/m.exec(output)?.[1] ?? "a program";
    return pid === undefined ? "hidden" : { pid: Number(pid), name, command: "" };
  } catch {
    return "hidden"; // No lsof, or it may not see the program.
  }
}
