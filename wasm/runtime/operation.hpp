// One operation that the host carries out while the guest continues.
#pragma once

#include <cstdint>

#include "wasm/abi/imports.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::runtime {

class Context;

// How an operation ended; wasm/abi/abi.json explains `value` and `detail`.
struct Outcome {
  abi::Status status = abi::Status::ok;
  std::uint32_t value = 0;
  std::uint32_t detail = 0;

  bool is_ok() const { return status == abi::Status::ok; }
};

// Registered with its request from construction to completion or destruction; destroying an
// unfinished one cancels it, and the host then no longer touches its buffer. Pinned in memory.
// Derived classes start the host's work in their constructor.
class Operation : public Waitable {
 public:
  ~Operation();

  // Valid once is_ready().
  const Outcome& outcome() const { return outcome_; }

  // `co_await operation` gives the Outcome.
  auto operator co_await() {
    struct Awaiter : WaitFor {
      Operation& operation;
      explicit Awaiter(Operation& awaited) : WaitFor(awaited), operation(awaited) {}
      const Outcome& await_resume() const noexcept { return operation.outcome_; }
    };
    return Awaiter(*this);
  }

 protected:
  explicit Operation(Context& context);

  Context& context() { return context_; }
  std::uint32_t id() const { return id_; }

 private:
  friend class Context;
  void complete(Outcome outcome);

  Context& context_;
  std::uint32_t id_;
  Outcome outcome_;
};

}  // namespace fabula::runtime
