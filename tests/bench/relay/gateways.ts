// Gateways that people run today, from PyPI, each a process like the runtimes: on demand, because
// they take minutes to install.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "../../../scripts/local/ports.mjs";
import type { RelayKind, RelayProcess, World } from "./world.ts";

export interface Gateway {
  kind: RelayKind;
  packages: string[];
  /** The command below its folder's bin/, given a port. */
  command(world: World, port: number, folder: string, root: string): string[];
}

const START_DEADLINE_MS = 60_000;

const FASTAPI: Gateway = {
  kind: { title: "FastAPI and httpx", output: "", path: "/chat" },
  packages: ["fastapi==0.115.6", "uvicorn[standard]==0.34.0", "httpx==0.28.1"],
  command: (_world, port, _folder, root) => [
    "uvicorn",
    "fastapi_relay:app",
    `--app-dir=${join(root, "tests/bench/relay/gateways")}`,
    `--port=${port}`,
    "--log-level=warning",
  ],
};

// It stores nothing and writes new frames for the model's output.
const LITELLM: Gateway = {
  kind: {
    title: "LiteLLM's proxy, which stores nothing",
    output: "",
    path: "/v1/chat/completions",
    isPassThrough: true,
    rewrites: true,
    body: { model: "scripted", stream: true, messages: [{ role: "user", content: "Help me begin." }] },
  },
  packages: ["litellm[proxy]==1.55.10"],
  command: (world, port, folder) => {
    const config = join(folder, "config.yaml");
    const model = { model: "openai/scripted", api_base: world.peers.modelUrl, api_key: "none" };
    // YAML takes JSON.
    writeFileSync(config, JSON.stringify({ model_list: [{ model_name: "scripted", litellm_params: model }] }));
    return ["litellm", `--config=${config}`, `--port=${port}`, "--num_workers=1"];
  },
};

export const GATEWAYS = [FASTAPI, LITELLM];

export async function startGateway(gateway: Gateway, world: World, root: string): Promise<RelayProcess> {
  const folder = join(root, ".fabula/bench", gateway.packages[0]!.replace(/\W.*/, ""));
  const install = join(root, "tests/bench/relay/gateways/install.bash");
  execFileSync("bash", [install, folder, ...gateway.packages], { stdio: ["ignore", process.env["VERBOSE"] ? "inherit" : "ignore", "inherit"] });
  const [port] = await freePorts(1);
  const [program = "", ...programArguments] = gateway.command(world, port!, folder, root);
  const child = spawn(join(folder, "bin", program), programArguments, {
    stdio: ["ignore", process.env["VERBOSE"] ? "inherit" : "ignore", process.env["VERBOSE"] ? "inherit" : "ignore"],
    env: {
      ...process.env,
      MODEL_URL: world.peers.modelUrl,
      // Not DATABASE_URL, which means something to LiteLLM.
      REST_URL: world.peers.databaseUrl,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(url, child);
  return {
    kind: gateway.kind,
    url: url + gateway.kind.path,
    processId: child.pid!,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (child.exitCode === null && performance.now() < deadlineMs) {
    if (await fetch(url).then(() => true, () => false)) return;
    await delay(100);
  }
  child.kill("SIGKILL");
  throw new Error(`the gateway at ${url} does not answer: VERBOSE=1 shows what it says`);
}
