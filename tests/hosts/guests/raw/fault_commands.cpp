// Commands that break: each ends its own instance and nothing else.
#include <array>
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kWrite = 1, kTimer = 2, kFetch = 3, kRead = 4 };

// Both recurse for ever, which only the caller's `bottom` (never reached) hides from the compiler.
// Takes memory that the guest's own stack lies in.
[[gnu::noinline]] int exhaust_shadow_stack(int depth, int bottom) {
  std::array<volatile char, 1024> frame{};
  frame[0] = static_cast<char>(depth);
  if (depth == bottom) return depth;
  return exhaust_shadow_stack(depth + 1, bottom) + frame[0];
}

// Needs no memory: exhausts the engine's stack.
[[gnu::noinline]] int exhaust_engine_stack(int depth, const volatile int* bottom) {
  if (depth == *bottom) return depth;
  return exhaust_engine_stack(depth + 1, bottom) + *bottom;
}

void break_in_the_way_of(std::uint32_t number, std::uint32_t request) {
  volatile int bottom = -1;
  constexpr std::uint32_t kBeyondMemory = 0xfffffff0U;
  switch (number) {
    case 0:
      __builtin_trap();
    case 1: {
      constexpr std::string_view kReason = "the shelf fell over";
      fabula_import_panic(kReason.data(), static_cast<std::uint32_t>(kReason.size()));
      __builtin_trap();
    }
    case 2:
      bottom = exhaust_shadow_stack(0, bottom);
      return;
    case 3:
      bottom = exhaust_engine_stack(0, &bottom);
      return;
    case 4: {
      std::vector<std::string> ballast;
      for (;;) ballast.emplace_back(1'000'000, 'm');
    }
    case 5:
      // Outside of the memory: the host must refuse it.
      fabula_import_random(request, reinterpret_cast<void*>(kBeyondMemory), 64);
      return;
    default:
      return;
  }
}

// Breaks at once, before any response.
class BreakBefore : public Command {
 public:
  using Command::Command;

  void begin() override {
    break_in_the_way_of(request().number("way", 0), handle());
    finish();
  }

  void operation_done(const Completion&) override {}
};

// Breaks after the response has begun, with last words set.
class BreakAfter : public Command {
 public:
  using Command::Command;

  void begin() override {
    constexpr std::string_view kLastWords = "[it broke]";
    start_response("200\n");
    fabula_import_response_on_trap(handle(), kLastWords.data(),
                                   static_cast<std::uint32_t>(kLastWords.size()));
    write(kWrite, "[it began]");
    sleep(kTimer, 50);
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kTimer) break_in_the_way_of(request().number("way", 0), handle());
  }
};

// Breaks while it reads from the upstream.
class BreakRelaying : public Command {
 public:
  using Command::Command;

  void begin() override { get_upstream(kFetch); }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kRead) __builtin_trap();
    start_response("200\n");
    body_read(kRead, completion.value, buffer_);
  }

 private:
  std::array<char, 16> buffer_{};
};

// Finishes without an answer.
class SayNothing : public Command {
 public:
  using Command::Command;

  void begin() override { finish(); }
  void operation_done(const Completion&) override {}
};

// Sends a malformed head.
class BadHead : public Command {
 public:
  using Command::Command;

  void begin() override {
    start_response("200\nnot a header\n");
    finish();
  }
  void operation_done(const Completion&) override {}
};

}  // namespace

Command* make_fault_command(const Request& request) {
  if (request.command() == "break-before") return new BreakBefore(request);
  if (request.command() == "break-after") return new BreakAfter(request);
  if (request.command() == "break-relaying") return new BreakRelaying(request);
  if (request.command() == "say-nothing") return new SayNothing(request);
  if (request.command() == "bad-head") return new BadHead(request);
  return nullptr;
}

}  // namespace fabula::raw
