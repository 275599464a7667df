// A part: answers every request with what its process was given, and has a child of its own.
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const [name = "", port = ""] = process.argv.slice(2);
const script = process.env[`SCRIPTED_${name.toUpperCase()}`];

if (script === "fails to start") {
  console.error(`${name}: the wasm is missing`);
  process.exit(3);
}
spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });

createServer((_request, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ name, environment: process.env }));
}).listen(Number(port), "127.0.0.1", () => console.log(`${name} listens`));

if (script === "dies") {
  setTimeout(() => {
    console.error(`${name}: out of memory`);
    process.exit(9);
  }, 300);
}
