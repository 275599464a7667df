import assert from "node:assert/strict";
import { test } from "node:test";
import { onBothHosts } from "./both-hosts.ts";

onBothHosts("requests of the guest's own", (host) => {
  test("an answer is relayed: status, header, and each piece as it comes", async () => {
    const response = await host().fetchWithUpstream("relay", "/pieces?count=5&gap_ms=60");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("x-scripted"), "pieces");
    const arrivedMs: number[] = [];
    let text = "";
    for await (const piece of response.body!) {
      arrivedMs.push(performance.now());
      text += new TextDecoder().decode(piece);
    }
    assert.equal(text, "piece 0;piece 1;piece 2;piece 3;piece 4;");
    assert.ok(arrivedMs.at(-1)! - arrivedMs[0]! > 150, "the pieces came all at once");
  });

  test("a refusal is an answer like any other", async () => {
    const response = await host().fetchWithUpstream("relay", "/refusal");
    assert.equal(response.status, 429);
    assert.equal(response.headers.get("x-scripted"), "refused");
    assert.equal(await response.text(), "not now");
  });

  test("a redirect is not followed", async () => {
    const response = await host().fetchWithUpstream("relay", "/redirect", { redirect: "manual" });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), "/elsewhere");
    assert.equal(host().upstream.count("/elsewhere"), 0);
  });

  test("an answer without a body ends at once", async () => {
    const response = await host().fetchWithUpstream("relay", "/empty");
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
  });

  test("no compression is asked for: it would hold tokens back", async () => {
    const response = await host().fetchWithUpstream("relay", "/encoding");
    assert.equal(await response.text(), "identity");
  });

  test("a body is sent", async () => {
    const sent = "chapter one ".repeat(9_000);
    const response = await host().fetchWithUpstream("post", "/mirror", {
      method: "POST",
      body: sent,
    });
    assert.equal(await response.text(), sent);
  });

  test("a connection that breaks in the middle of a body fails the read", async () => {
    const response = await host().fetchWithUpstream("relay", "/breaking");
    assert.match(await response.text(), /^(only this)?status -3$/);
  });

  const refused = [
    ["nothing listens there", "http://127.0.0.1:1/", -3],
    ["the address is none", "http://", -4],
    ["the scheme is not HTTP", "file:///etc/passwd", -4],
    ["the scheme is data", "data:text/plain,hello", -4],
  ] as const;
  for (const [why, address, status] of refused) {
    test(`a request fails with ${status} when ${why}`, async () => {
      const response = await host().fetch("relay", { headers: { "x-upstream": address } });
      assert.equal(await response.text(), `status ${status}`);
    });
  }

  test("closing a body before its end closes the connection within a second", async () => {
    const response = host().fetchWithUpstream("close-early", "/endless/close-early");
    await host().upstream.arrived("/endless/close-early");
    assert.ok((await host().upstream.closed("/endless/close-early")) < 1000);
    assert.equal(await (await response).text(), "data:");
  });

  test("closing the body of a silent upstream closes the connection within a second", async () => {
    const response = host().fetchWithUpstream("close-early", "/silent/close-early");
    await host().upstream.arrived("/silent/close-early");
    assert.ok((await host().upstream.closed("/silent/close-early")) < 1000);
    assert.equal(await (await response).text(), "first");
  });

  test("cancelling a request that is not answered closes the connection", async () => {
    const response = host().fetchWithUpstream("cancel-fetch", "/never/cancelled");
    await host().upstream.arrived("/never/cancelled");
    assert.ok((await host().upstream.closed("/never/cancelled")) < 1000);
    assert.equal(await (await response).text(), "status -1");
  });

  test("public keys are fetched once, and again when asked but not twice a minute", async () => {
    const ask = async (query: string) =>
      await (await host().fetchWithUpstream(`public-keys?${query}`, "/keys/cached")).text();
    assert.equal(await ask("times=3"), '{"keys":[]}');
    assert.equal(await ask("times=2&refresh=1"), '{"keys":[]}');
    assert.equal(host().upstream.count("/keys/cached"), 1);
  });

  test("an issuer without keys is a failure that is not kept", async () => {
    for (let round = 0; round < 2; round += 1) {
      const response = await host().fetchWithUpstream("public-keys", "/missing/keys");
      assert.equal(await response.text(), "status -3");
    }
    assert.equal(host().upstream.count("/missing/keys"), 2);
  });
});
