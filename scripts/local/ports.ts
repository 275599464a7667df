// Ports on loopback: finding free ones, and naming who holds one that is taken.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { basename } from "node:path";
import { StartError } from "./part.ts";

/** As many free ports as asked for. Another process may still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The port of the one origin is taken; the message says by whom, and what to do. */
export class PortInUseError extends StartError {
  constructor(port: number) {
    super(portInUseMessage(port));
  }
}

/** One line for a developer whose port is taken: who has it, and what to do. */
function portInUseMessage(port: number): string {
  const remedy = `Stop it, or choose another port: ./scripts/dev --port ${otherPort(port)}`;
  return `Port ${port} is in use by ${describeOwner(port)}. ${remedy}`;
}

function otherPort(port: number): number {
  return port < 65435 ? port + 100 : port - 100;
}

function describeOwner(port: number): string {
  const owner = existsSync("/proc/net/tcp") ? ownerFromProc(port) : ownerFromLsof(port);
  if (!owner) return "another program (it belongs to another user; perhaps `supabase start`)";
  const guess = guessProgram(owner);
  return `${owner.name} (process ${owner.pid}${guess ? `, ${guess}` : ""})`;
}

interface Owner {
  name: string;
  pid: number;
  command: string;
}

function guessProgram({ name, command }: Owner): string {
  if (/docker|rootlesskit|slirp4netns|podman/.test(name)) return "probably `supabase start`";
  if (/build\/local\/main\.js/.test(command)) return "a Fabula development server";
  return "";
}

// Linux: the listening socket's inode from the kernel's table, then the process that holds it.
function ownerFromProc(port: number): Owner | undefined {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].filter(existsSync).flatMap((table) => {
      return listeningInodes(readFileSync(table, "utf8"), port);
    }),
  );
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const holds = readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
        return inode !== undefined && inodes.has(inode);
      });
      if (!holds) continue;
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      // Not /proc/PID/comm: that is the name of a thread.
      return { pid: Number(pid), name: basename(words[0] ?? ""), command: words.join(" ") };
    } catch {
      // The process has ended meanwhile, or belongs to somebody else.
    }
  }
  return undefined;
}

// Inodes of the sockets that listen on a port, from the text of /proc/net/tcp (proc_pid_net(5)).
function listeningInodes(table: string, port: number): string[] {
  const LISTEN = "0A";
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) && fields[3] === LISTEN)
    .map((fields) => fields[9])
    .filter((inode) => inode !== undefined);
}

function ownerFromLsof(port: number): Owner | undefined {
  try {
    const output = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const pid = /^p(\d+)$/m.exec(output)?.[1];
    const name = /^c(.+)$/m.exec(output)?.[1] ?? "a program";
    return pid === undefined ? undefined : { pid: Number(pid), name, command: "" };
  } catch {
    return undefined;
  }
}
