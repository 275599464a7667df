// One request's state inside the guest: its pending operations and its events. There are no
// globals, so one instance could serve several requests at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "wasm/abi/imports.hpp"
#include "wasm/runtime/operation.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::runtime {

// The buffer into which the host writes completions.
struct CompletionBuffer {
  std::array<abi::Completion, abi::kCompletionCapacity> completions{};
};

class Context : private CompletionBuffer {
 public:
  // The coroutine that serves a request; when it ends, all work for that request is over.
  using Handler = Task<void> (*)(Context&);

  // Makes a context for the host's `request` and runs `handler` until it first waits. Returns the
  // buffer for the host's completions, which is also the context's handle; the context deletes
  // itself when the handler has ended, and informs the host by `finish`.
  static CompletionBuffer* start(std::uint32_t request, Handler handler);

  // Delivers `count` completions that the host has written to the buffer of `start`.
  static void resume(CompletionBuffer* handle, std::uint32_t count);

  // For a host that abandons the request (the simulator's killed isolate): destroys the coroutine
  // and with it every pending operation.
  static void destroy(CompletionBuffer* handle);

  std::uint32_t request() const { return request_; }

  // How many HTTP requests this one has made; platforms limit them.
  std::uint32_t requests_made() const { return requests_made_; }

  // The response has no reader any more.
  Signal& client_left() { return client_left_; }
  // The platform will end this isolate soon: save what matters.
  Signal& isolate_ending() { return isolate_ending_; }

 private:
  friend class Operation;
  friend class HttpRequest;

  explicit Context(std::uint32_t request) : request_(request) {}
  ~Context() = default;

  static Task<void> run(Context& context, Handler handler);
  std::uint32_t add(Operation& operation);
  void remove(std::uint32_t id);
  void deliver(const abi::Completion& completion);

  struct Pending {
    std::uint32_t id;
    Operation* operation;
  };
  std::vector<Pending> pending_;  // only a few at a time: searched from the newest
  std::uint32_t request_;
  std::uint32_t last_id_ = 0;
  std::uint32_t requests_made_ = 0;
  Signal client_left_;
  Signal isolate_ending_;
  std::optional<Task<void>> root_;
  bool is_finished_ = false;
};

}  // namespace fabula::runtime
