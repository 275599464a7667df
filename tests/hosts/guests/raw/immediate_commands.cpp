// Commands that need no peer: settings, time, random bytes, heads.
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kTimer = 1, kLong = 2 };

// The setting named by the header x-name, after its length as an empty buffer learns it.
class Environment : public Command {
 public:
  using Command::Command;

  void begin() override {
    const auto name = request().header("x-name");
    const auto name_bytes = static_cast<std::uint32_t>(name.size());
    const auto length = fabula_import_environment(handle(), name.data(), name_bytes, nullptr, 0);
    if (length < 0) return answer("not set");
    std::string value(static_cast<std::size_t>(length), '\0');
    fabula_import_environment(handle(), name.data(), name_bytes, value.data(),
                              static_cast<std::uint32_t>(length));
    answer(decimal(length) + " " + value);
  }

  void operation_done(const Completion&) override {}
};

// The client's address, as the platform knows it.
class Address : public Command {
 public:
  using Command::Command;

  void begin() override {
    std::string address(fabula_import_client_address(handle(), nullptr, 0), '\0');
    fabula_import_client_address(handle(), address.data(),
                                 static_cast<std::uint32_t>(address.size()));
    answer(address);
  }

  void operation_done(const Completion&) override {}
};

class Random : public Command {
 public:
  using Command::Command;

  void begin() override {
    std::string bytes(request().number("bytes", 16), '\0');
    fabula_import_random(handle(), bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    answer(bytes);
  }

  void operation_done(const Completion&) override {}
};

// Sleeps `ms`, cancels a long sleep, and answers with both statuses and the time that it took.
class Sleep : public Command {
 public:
  using Command::Command;

  void begin() override {
    began_ms_ = fabula_import_clock_ms(handle());
    sleep(kTimer, request().number("ms", 10));
    sleep(kLong, 60'000);
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kTimer) {
      text_ = decimal(completion.status);
      return cancel(kLong);
    }
    const auto took_ms = fabula_import_clock_ms(handle()) - began_ms_;
    answer(text_ + " " + decimal(completion.status) + " " +
           decimal(static_cast<std::int64_t>(took_ms)) + " " +
           decimal(static_cast<std::int64_t>(began_ms_)));
  }

 private:
  double began_ms_ = 0;
  std::string text_;
};

// The request's head as the guest sees it.
class Head : public Command {
 public:
  using Command::Command;

  void begin() override {
    std::string head(fabula_import_request_head(handle(), nullptr, 0), '\0');
    // A buffer that is too small gets only as much as fits.
    std::string start(5, '-');
    fabula_import_request_head(handle(), start.data(), 4);
    fabula_import_request_head(handle(), head.data(), static_cast<std::uint32_t>(head.size()));
    answer(start + "\n" + head);
  }

  void operation_done(const Completion&) override {}
};

// A response of the status `status`, whose body the client gets unless the status has none.
class Answer : public Command {
 public:
  using Command::Command;

  void begin() override {
    answer("body", decimal(request().number("status", 200)) + "\nx-answered: yes");
  }

  void operation_done(const Completion&) override {}
};

}  // namespace

Command* make_immediate_command(const Request& request) {
  if (request.command() == "environment") return new Environment(request);
  if (request.command() == "address") return new Address(request);
  if (request.command() == "random") return new Random(request);
  if (request.command() == "sleep") return new Sleep(request);
  if (request.command() == "head") return new Head(request);
  if (request.command() == "answer") return new Answer(request);
  return nullptr;
}

}  // namespace fabula::raw
