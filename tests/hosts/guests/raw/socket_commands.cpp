// A command about sockets: accepts one, reports its messages to the client, and obeys it.
#include <algorithm>
#include <charconv>
#include <deque>
#include <string>
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kReceive = 1, kSend = 2, kTimer = 3, kReport = 4, kFarewell = 5 };

// Accepts with the sub-protocol in the header x-protocol. Each message is reported to its client as
// `text <bytes> <message>` or `binary <bytes> <message>`, after `longer <bytes>` when it is longer
// than the buffer of `capacity` bytes, except for these commands:
//
//   close <code> <reason>    closes, tries to send, and reports the result
//   trap, finish             ends the instance
//
// When the socket is closed it works for another `work_ms`, and reports the close code and how
// often it heard that the client has left. With `at_once` it sends a message and closes with this
// code as soon as it has accepted. It receives nothing for its first `deaf_ms`, and with
// `restless_ms` cancels each receive after this time and begins another.
class Socket : public Command {
 public:
  explicit Socket(const Request& request)
      : Command(request), buffer_(request.number("capacity", 1024)) {}

  void begin() override {
    const auto protocol = request().header("x-protocol");
    const auto status = fabula_import_socket_accept(handle(), protocol.data(),
                                                    static_cast<std::uint32_t>(protocol.size()));
    if (status != static_cast<std::int32_t>(Status::ok)) {
      return answer("accept" + decimal(status), "426");
    }
    const auto close_code = request().number("at_once", 0);
    if (close_code > 0) {
      close_with_ = {close_code, "at_once"};
      say("hello and goodbye");
    }
    const auto deaf_ms = request().number("deaf_ms", 0);
    if (deaf_ms > 0) return sleep(kTimer, deaf_ms);
    receive();
  }

  void event(abi::Event event) override {
    if (event == abi::Event::client_left) ++left_;
    if (event != abi::Event::isolate_ending) return;
    say("isolate_ending");
    close_with_ = {1012, "interrupted"};
    say_next();
  }

  void operation_done(const Completion& completion) override {
    switch (completion.operation) {
      case kReceive:
        return received(completion);
      case kSend:
        is_sending_ = false;
        return say_next();
      case kFarewell:
        return get_upstream(kReport, "/report?reason=send" + decimal(completion.status));
      case kTimer:
        return timer_done();
      default:
        return finish();
    }
  }

 private:
  struct Close {
    std::uint32_t code = 0;
    std::string reason;
  };

  static constexpr auto kCancelled = static_cast<std::int32_t>(Status::cancelled);
  static constexpr auto kOverflow = static_cast<std::int32_t>(Status::overflow);

  void receive() {
    is_receiving_ = true;
    fabula_import_socket_receive(handle(), kReceive, buffer_.data(),
                                 static_cast<std::uint32_t>(buffer_.size()));
    const auto restless_ms = request().number("restless_ms", 0);
    if (restless_ms == 0 || is_waiting_) return;
    is_waiting_ = true;
    sleep(kTimer, restless_ms);
  }

  void timer_done() {
    is_waiting_ = false;
    if (is_closed_) {
      return get_upstream(
          kReport, "/report?reason=code" + decimal(close_code_) + "_events" + decimal(left_));
    }
    if (is_receiving_) return cancel(kReceive);
    receive();
  }

  void received(const Completion& completion) {
    is_receiving_ = false;
    if (completion.status == kCancelled) return receive();
    if (completion.status == kOverflow) {
      say("overflow");
      return receive();
    }
    if (!is_ok(completion)) return closed(completion.value);
    if (completion.value > buffer_.size()) {
      say("longer " + decimal(completion.value));
      // A message that is longer than the host keeps has a length that no buffer has.
      constexpr std::uint32_t kLongestKept = 256 * 1024;
      if (completion.value > kLongestKept) return;
      buffer_.resize(completion.value);
      return receive();
    }
    const std::string_view message(buffer_.data(), completion.value);
    const bool is_text = completion.detail == static_cast<std::uint32_t>(abi::MessageKind::text);
    if (is_text && obey(message)) return;
    say((is_text ? "text " : "binary ") + decimal(completion.value) + " " + std::string(message));
    receive();
  }

  bool obey(std::string_view message) {
    if (message == "trap") __builtin_trap();
    if (message == "finish") {
      finish();
      return true;
    }
    constexpr std::string_view kClose = "close ";
    if (!message.starts_with(kClose)) return false;
    message.remove_prefix(kClose.size());
    const auto space = std::min(message.find(' '), message.size());
    std::uint32_t code = 0;
    std::from_chars(message.data(), message.data() + space, code);
    close(code, message.substr(std::min(space + 1, message.size())));
    constexpr std::string_view kTooLate = "too late";
    fabula_import_socket_send(handle(), kFarewell, kTooLate.data(),
                              static_cast<std::uint32_t>(kTooLate.size()));
    return true;
  }

  void close(std::uint32_t code, std::string_view reason) {
    fabula_import_socket_close(handle(), code, reason.data(),
                               static_cast<std::uint32_t>(reason.size()));
  }

  void closed(std::uint32_t code) {
    is_closed_ = true;
    close_code_ = code;
    sleep(kTimer, request().number("work_ms", 1));
  }

  void say(std::string text) {
    unsent_.push_back(std::move(text));
    if (!is_sending_) say_next();
  }

  void say_next() {
    if (is_sending_ || is_closed_) return;
    if (unsent_.empty()) {
      if (close_with_.code != 0) close(close_with_.code, close_with_.reason);
      return;
    }
    const std::string text = std::move(unsent_.front());
    unsent_.pop_front();
    is_sending_ = true;
    fabula_import_socket_send(handle(), kSend, text.data(),
                              static_cast<std::uint32_t>(text.size()));
  }

  std::vector<char> buffer_;
  std::deque<std::string> unsent_;
  Close close_with_;
  std::uint32_t close_code_ = 0;
  int left_ = 0;
  bool is_receiving_ = false;
  bool is_waiting_ = false;
  bool is_sending_ = false;
  bool is_closed_ = false;
};

}  // namespace

Command* make_socket_command(const Request& request) {
  if (request.command() == "socket") return new Socket(request);
  return nullptr;
}

}  // namespace fabula::raw
