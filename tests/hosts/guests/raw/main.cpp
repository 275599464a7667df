// The exports: chooses the command by the request's path and hands completions to it.
#include <array>
#include <memory>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

struct Guest {
  std::array<Completion, abi::kCompletionCapacity> completions{};
  Request request;
  std::unique_ptr<Command> command;

  explicit Guest(std::uint32_t handle) : request(handle) {}
};

std::unique_ptr<Command> make_command(const Request& request) {
  for (const auto make :
       {make_body_command, make_upstream_command, make_leaving_command, make_immediate_command,
        make_crypto_command, make_fault_command, make_socket_command}) {
    if (auto* command = make(request)) return std::unique_ptr<Command>(command);
  }
  return nullptr;
}

}  // namespace
}  // namespace fabula::raw

extern "C" {

__attribute__((export_name("fabula_abi_version"))) std::uint32_t fabula_abi_version() {
  return fabula::abi::kVersion;
}

__attribute__((export_name("fabula_start"))) fabula::raw::Guest* fabula_start(
    std::uint32_t request) {
  auto* guest = new fabula::raw::Guest(request);
  guest->command = fabula::raw::make_command(guest->request);
  if (guest->command == nullptr) __builtin_trap();
  guest->command->begin();
  return guest;
}

__attribute__((export_name("fabula_resume"))) void fabula_resume(fabula::raw::Guest* guest,
                                                                 std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    // Read one by one: the host may take a later one back while an earlier one is handled.
    const auto completion = guest->completions[i];
    if (completion.operation == 0) {
      guest->command->event(static_cast<fabula::abi::Event>(completion.status));
    } else {
      guest->command->operation_done(completion);
    }
  }
}

}  // extern "C"
