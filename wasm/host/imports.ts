import { Status, type GuestImports } from "./abi.ts";
import type { Completions } from "./completions.ts";
import { formatHead } from "./head.ts";
import { recall, remember } from "./isolate-memory.ts";
import { writeLog } from "./log.ts";
import { encodeText, type GuestMemory } from "./memory.ts";
import { ReadOperation } from "./operations/body.ts";
import {
  AES_KEY_BYTES,
  AES_NONCE_BYTES,
  aesGcmDecrypt,
  aesGcmEncrypt,
  ComputeOperation,
  hmacSha256,
  sha256,
  VerifyOperation,
} from "./operations/crypto.ts";
import { HttpOperation } from "./operations/http.ts";
import { PublicKeysOperation } from "./operations/public-keys.ts";
import { WriteOperation, type GuestResponse } from "./operations/response.ts";
import type { Streams } from "./operations/streams.ts";
import { ReceiveOperation, SendOperation, type GuestSocket } from "./operations/socket.ts";
import { SleepOperation } from "./operations/timer.ts";
import type { Platform } from "./platform.ts";

/** The services behind one guest's imports. */
export interface Services {
  request: Request;
  platform: Platform;
  memory: GuestMemory;
  completions: Completions;
  streams: Streams;
  response: GuestResponse;
  socket: GuestSocket;
  /** Keeps the guest's message before it traps. */
  panicked(message: string): void;
  /** The guest has nothing left to do. */
  finished(): void;
}

// The most bytes that getRandomValues fills in one call.
const randomPieceBytes = 65_536;

/** The imports of one guest. An exception in any of them ends the instance like a trap. */
export function makeImports(host: Services): GuestImports {
  const { request, platform, memory, completions, streams, response, socket } = host;
  let requestHead: Uint8Array | null = null;

  return {
    request_head(_request, buffer, capacity) {
      requestHead ??= encodeText(formatHead(`${request.method} ${request.url}`, request.headers));
      return memory.fill(buffer, capacity, requestHead);
    },

    client_address(_request, buffer, capacity) {
      const address = platform.clientAddress?.(request) ?? "";
      return memory.fill(buffer, capacity, encodeText(address));
    },

    http_start(_request, operation, head, headBytes, body, bodyBytes) {
      completions
        .add(new HttpOperation(operation, completions, streams))
        .start(
          memory.text(head, headBytes),
          bodyBytes === 0 ? null : memory.copy(body, bodyBytes),
        );
    },

    http_head(_request, stream, buffer, capacity) {
      const head = encodeText(streams.find(stream)?.head ?? "");
      return memory.fill(buffer, capacity, head);
    },

    http_close(_request, stream) {
      streams.close(stream);
    },

    body_read(_request, operation, stream, buffer, capacity) {
      const body = streams.find(stream)?.body;
      const read = new ReadOperation(operation, body ?? null, buffer, capacity);
      completions.add(read);
      if (body === undefined || capacity === 0) completions.fail(read, Status.invalid);
      else body.read(read);
    },

    response_start(_request, head, headBytes) {
      response.start(memory.text(head, headBytes));
    },

    response_write(_request, operation, data, dataBytes) {
      const bytes = memory.copy(data, dataBytes);
      response.write(completions.add(new WriteOperation(operation, response, bytes)));
    },

    response_end() {
      response.end();
    },

    response_on_trap(_request, data, dataBytes) {
      response.setOnTrap(memory.copy(data, dataBytes));
    },

    socket_accept(_request, protocol, protocolBytes) {
      const name = protocolBytes === 0 ? null : memory.text(protocol, protocolBytes);
      const accept = platform.acceptSocket;
      if (accept === undefined) return Status.unsupported;
      try {
        socket.open(response.startSocket(() => accept(request, name)).socket);
      } catch {
        return Status.invalid;
      }
      return Status.ok;
    },

    socket_receive(_request, operation, buffer, capacity) {
      socket.receive(
        completions.add(new ReceiveOperation(operation, socket, buffer, capacity)),
      );
    },

    socket_send(_request, operation, data, dataBytes) {
      socket.send(completions.add(new SendOperation(operation)), memory.text(data, dataBytes));
    },

    socket_close(_request, code, reason, reasonBytes) {
      socket.close(code, memory.text(reason, reasonBytes));
    },

    sleep(_request, operation, durationMs) {
      completions.add(new SleepOperation(operation)).start(completions, durationMs >>> 0);
    },

    cancel(_request, operation) {
      completions.cancel(operation);
    },

    public_keys(_request, operation, url, urlBytes, refresh) {
      completions
        .add(new PublicKeysOperation(operation, completions, streams))
        .start(memory.text(url, urlBytes), refresh !== 0);
    },

    verify(
      _request,
      operation,
      algorithm,
      key,
      keyBytes,
      data,
      dataBytes,
      signature,
      signatureBytes,
    ) {
      completions
        .add(new VerifyOperation(operation))
        .start(
          completions,
          algorithm,
          memory.copy(key, keyBytes),
          memory.copy(data, dataBytes),
          memory.copy(signature, signatureBytes),
        );
    },

    sha256(_request, operation, data, dataBytes, digest) {
      const bytes = memory.copy(data, dataBytes);
      completions.add(new ComputeOperation(operation, digest)).start(completions, sha256(bytes));
    },

    hmac_sha256(_request, operation, key, keyBytes, data, dataBytes, digest) {
      const code = hmacSha256(memory.copy(key, keyBytes), memory.copy(data, dataBytes));
      completions.add(new ComputeOperation(operation, digest)).start(completions, code);
    },

    aes_gcm_encrypt(_request, operation, key, nonce, context, contextBytes, data, dataBytes, buffer) {
      const encrypted = aesGcmEncrypt(
        memory.copy(key, AES_KEY_BYTES),
        memory.copy(nonce, AES_NONCE_BYTES),
        memory.copy(context, contextBytes),
        memory.copy(data, dataBytes),
      );
      completions.add(new ComputeOperation(operation, buffer)).start(completions, encrypted);
    },

    aes_gcm_decrypt(_request, operation, key, nonce, context, contextBytes, data, dataBytes, buffer) {
      const decrypted = aesGcmDecrypt(
        memory.copy(key, AES_KEY_BYTES),
        memory.copy(nonce, AES_NONCE_BYTES),
        memory.copy(context, contextBytes),
        memory.copy(data, dataBytes),
      );
      completions.add(new ComputeOperation(operation, buffer)).start(completions, decrypted);
    },

    clock_ms() {
      return Date.now();
    },

    random(_request, buffer, length) {
      const bytes = memory.window(buffer, length);
      for (let begin = 0; begin < bytes.length; begin += randomPieceBytes) {
        crypto.getRandomValues(bytes.subarray(begin, begin + randomPieceBytes));
      }
    },

    environment(_request, name, nameBytes, buffer, capacity) {
      const value = platform.environment(memory.text(name, nameBytes));
      return value === undefined ? -1 : memory.fill(buffer, capacity, encodeText(value));
    },

    remember(_request, name, nameBytes, value) {
      remember(memory.text(name, nameBytes), value >>> 0);
    },

    recall(_request, name, nameBytes) {
      return recall(memory.text(name, nameBytes));
    },

    host_traits() {
      return platform.traits;
    },

    log(_request, level, line, lineBytes) {
      writeLog(platform, level, memory.text(line, lineBytes));
    },

    panic(message, messageBytes) {
      host.panicked(memory.text(message, messageBytes));
    },

    finish() {
      host.finished();
    },
  };
}
