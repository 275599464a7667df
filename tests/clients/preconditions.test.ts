// Changes whose precondition fails (RFC 9110, section 13): at every operation, on existing things.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { PlainApi } from "./api.ts";
import { onEachRuntime } from "./stack.ts";

const ETAG_OF_NOTHING = '"0"';

onEachRuntime("preconditions", (stack) => {
  test("every change refuses If-None-Match, and a version of what has none", async () => {
    const served = `${stack().url}/functions/v1`;
    const document: any = await (await fetch(`${served}/docs/openapi.json`)).json();
    const changes = Object.entries<any>(document.paths).flatMap(([path, methods]) =>
      Object.entries<any>(methods)
        .filter(([method]) => method !== "get")
        .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );
    assert.ok(changes.length > 50, `${changes.length}`);
    for (const { path, method, operation } of changes) {
      const url = served + path.replaceAll(/\{[^}]+\}/g, () => randomUUID());
      const takesIfMatch = JSON.stringify(operation.parameters).includes("parameters/If-Match");
      const refused: Record<string, string>[] = [
        { "if-none-match": "*" },
        { "if-none-match": ETAG_OF_NOTHING },
        ...(takesIfMatch ? [] : [{ "if-match": ETAG_OF_NOTHING }]),
      ];
      for (const headers of refused) {
        const response = await fetch(url, { method, headers });
        const where = `${method} ${path} ${JSON.stringify(headers)}`;
        assert.equal(response.status, 412, where);
        assert.equal(((await response.json()) as { code: string }).code, "precondition_failed", where);
      }
      assert.ok(operation.responses["412"], `${method} ${path} does not tell 412`);
    }
  });

  test("what is there stays as it is", async () => {
    const api = new PlainApi(stack());
    await api.signUp();
    const made = await api.call("POST", "projects", { body: { name: "The Lighthouse" } });
    const path = `projects/${made.body.project_id}`;
    const before = await api.call("GET", path);
    const etag = before.headers.get("etag") ?? "";
    assert.match(etag, /^(W\/)?".+"$/); // Weak where the runtime has compressed the answer.
    for (const headers of [{ "if-none-match": "*" }, { "if-none-match": etag }, { "if-match": ETAG_OF_NOTHING }]) {
      const changed = await api.call("PATCH", path, { body: { name: "Another" }, headers });
      assert.equal(changed.status, 412);
      assert.equal((await api.call("DELETE", path, { headers })).status, 412);
      assert.deepEqual((await api.call("GET", path)).body, before.body);
    }
    const dossier = `dossier/${made.body.project_id}`;
    const change = { body: { snapshot_json: { themes: ["Loss"] } }, headers: { "if-none-match": "*" } };
    for (const method of ["PUT", "PATCH"] as const) {
      assert.equal((await api.call(method, dossier, change)).status, 412);
    }
    assert.equal((await api.call("GET", dossier)).body.version, 0);
    const renamed = await api.call("PATCH", path, { body: { name: "Another" }, headers: { "if-match": etag } });
    assert.deepEqual([renamed.status, renamed.body.name], [200, "Another"]);
  });
});
