// A part: answers every request with its process's settings, and has its own child process. A
// request for /slow takes a while. The functions report what was built when they were started.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const [name = "", port = ""] = process.argv.slice(2);
const script = process.env[`SCRIPTED_${name.toUpperCase()}`];

if (script === "fails to start") {
  console.error(`${name}: the wasm is missing`);
  process.exit(3);
}
spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });

const module = `${process.env["SCRIPTED_BUILD"]}/output/chat.js`;
const built = existsSync(module) ? readFileSync(module, "utf8") : "";
if (built.includes("broken")) {
  console.error(`${name}: the module is broken`);
  process.exit(4);
}

createServer((request, response) => {
  response.setHeader("Content-Type", "application/json");
  const answer = JSON.stringify({ name, built, pid: process.pid, environment: process.env });
  response.write(answer.slice(0, 10));
  const slowly_ms = request.url?.endsWith("/slow") ? 3_000 : 0;
  setTimeout(() => response.end(answer.slice(10)), slowly_ms);
}).listen(Number(port), "127.0.0.1", () => console.log(`${name} listens`));

if (script === "dies") {
  setTimeout(() => {
    console.error(`${name}: out of memory`);
    process.exit(9);
  }, 300);
}
