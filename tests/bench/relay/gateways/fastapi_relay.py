"""The relay that document 003 describes, as people write it today: FastAPI, httpx, and the whole
reply stored when it has ended."""

import json
import os
import time

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

MODEL_URL = os.environ["MODEL_URL"]
DATABASE_URL = os.environ["REST_URL"]
app = FastAPI()
client = httpx.AsyncClient(
    timeout=httpx.Timeout(60.0), limits=httpx.Limits(max_connections=1000, max_keepalive_connections=200)
)


async def call_database(name: str, request: dict) -> dict:
    answer = await client.post(f"{DATABASE_URL}/rpc/{name}", json={"request": request})
    answer.raise_for_status()
    return answer.json()


@app.post("/chat")
async def chat(request: Request) -> StreamingResponse:
    began = time.monotonic()
    text = (await request.json())["text"]
    turn = await call_database("begin_turn", {"kind": "chat", "text": text, "title": text[:60]})

    async def reply():
        parts: list[str] = []
        size = 0
        usage = None
        finish_reason = None
        body = {
            "model": "scripted",
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [
                {"role": "system", "content": "You help people to tell their story."},
                *turn["history"],
                {"role": "user", "content": text},
            ],
        }
        async with client.stream("POST", f"{MODEL_URL}/chat/completions", json=body) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                chunk = json.loads(line[6:])
                usage = chunk.get("usage") or usage
                for choice in chunk["choices"]:
                    finish_reason = choice.get("finish_reason") or finish_reason
                    content = choice["delta"].get("content")
                    if content:
                        parts.append(content)
                        size += len(content.encode())
                        event = json.dumps(
                            {"type": "text", "content": content}, ensure_ascii=False, separators=(",", ":")
                        )
                        yield f"id: {size}\ndata: {event}\n\n"
        await call_database(
            "finish_turn",
            {
                "generation_id": turn["generation_id"],
                "status": "complete",
                "from_offset": 0,
                "text": "".join(parts),
                "finish_reason": finish_reason,
                "usage": usage,
                "latency_ms": int((time.monotonic() - began) * 1000),
            },
        )
        yield 'data: {"type":"done"}\n\n'

    return StreamingResponse(reply(), media_type="text/event-stream")
