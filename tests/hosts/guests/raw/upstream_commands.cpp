// Commands about HTTP requests of the guest's own. The header x-upstream says where to.
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kFetch = 1, kRead = 2, kWrite = 3, kTimer = 4 };

// Answers with the upstream's status, its x-upstream header and its body, piece by piece.
class Relay : public Command {
 public:
  explicit Relay(const Request& request) : Command(request), buffer_(65536) {}

  void begin() override { get_upstream(kFetch); }

  void operation_done(const Completion& completion) override {
    if (!is_ok(completion)) return give_up(completion);
    if (completion.operation == kFetch) return open(completion);
    if (completion.operation == kWrite) return body_read(kRead, stream_, buffer_);
    if (completion.value > 0) return write(kWrite, {buffer_.data(), completion.value});
    http_close(stream_);
    end_response();
    finish();
  }

 private:
  void open(const Completion& completion) {
    stream_ = completion.value;
    std::string head(fabula_import_http_head(handle(), stream_, nullptr, 0), '\0');
    fabula_import_http_head(handle(), stream_, head.data(),
                            static_cast<std::uint32_t>(head.size()));
    std::string response = decimal(completion.detail) + "\n";
    for (const auto* name : {"x-scripted", "location"}) {
      const auto begin = head.find("\n" + std::string(name) + ": ");
      if (begin == std::string::npos) continue;
      response.append(head, begin + 1, head.find('\n', begin + 1) - begin);
    }
    start_response(response);
    body_read(kRead, stream_, buffer_);
  }

  void give_up(const Completion& completion) {
    const auto text = "status " + decimal(completion.status);
    if (stream_ == 0) return answer(text);
    write(kWrite, text);
    end_response();
    finish();
  }

  std::uint32_t stream_ = 0;
  std::vector<char> buffer_;
};

// Posts the request's body to the upstream and returns its answer.
class Post : public Command {
 public:
  explicit Post(const Request& request) : Command(request), buffer_(65536) {}

  void begin() override { body_read(kRead, 0, buffer_); }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kFetch) {
      stream_ = completion.value;
      return body_read(kRead, stream_, buffer_);
    }
    text_.append(buffer_.data(), completion.value);
    if (completion.value > 0) return body_read(kRead, stream_, buffer_);
    if (stream_ > 0) return answer(text_);
    std::string head("POST ");
    head.append(request().header("x-upstream")).append("\ncontent-type: text/plain\n");
    http_start(kFetch, head, text_);
    text_.clear();
  }

 private:
  std::uint32_t stream_ = 0;
  std::vector<char> buffer_;
  std::string text_;
};

// Reads one piece and discards the rest.
class CloseEarly : public Command {
 public:
  explicit CloseEarly(const Request& request) : Command(request), buffer_(16) {}

  void begin() override { get_upstream(kFetch); }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kFetch) {
      stream_ = completion.value;
      return body_read(kRead, stream_, buffer_);
    }
    if (completion.operation == kRead) {
      http_close(stream_);
      return sleep(kTimer, 1500);
    }
    answer({buffer_.data(), 5});
  }

 private:
  std::uint32_t stream_ = 0;
  std::vector<char> buffer_;
};

// Cancels a request that was not answered within 100 ms.
class CancelFetch : public Command {
 public:
  using Command::Command;

  void begin() override {
    get_upstream(kFetch);
    sleep(kTimer, 100);
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kTimer) return cancel(kFetch);
    answer("status " + decimal(completion.status));
  }
};

// Reads the upstream's body, giving each read up after `patience_ms` and reading again at once.
// Answers with how often that happened, and the body.
class Impatient : public Command {
 public:
  explicit Impatient(const Request& request) : Command(request), buffer_(65536) {}

  void begin() override { get_upstream(kFetch); }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kFetch) {
      stream_ = completion.value;
      read();
    } else if (completion.operation == timer_ && is_ok(completion)) {
      ++cancelled_;
      cancel(read_);
      read();
    } else if (completion.operation == read_) {
      text_.append(buffer_.data(), completion.value);
      if (completion.value == 0) return answer(decimal(cancelled_) + "\n" + text_);
      cancel(timer_);
      read();
    }
  }

 private:
  // New ids, so that the completions of cancelled operations are recognised and ignored.
  void read() {
    read_ = ++last_id_;
    body_read(read_, stream_, buffer_);
    timer_ = ++last_id_;
    sleep(timer_, request().number("patience_ms", 5));
  }

  std::uint32_t stream_ = 0;
  std::uint32_t last_id_ = 100;
  std::uint32_t read_ = 0;
  std::uint32_t timer_ = 0;
  std::int64_t cancelled_ = 0;
  std::vector<char> buffer_;
  std::string text_;
};

// Fetches a key set `times` times, the last time with `refresh`.
class PublicKeys : public Command {
 public:
  explicit PublicKeys(const Request& request) : Command(request), buffer_(1024) {}

  void begin() override { ask(); }

  void operation_done(const Completion& completion) override {
    if (!is_ok(completion)) return answer("status " + decimal(completion.status));
    if (completion.operation == kFetch) {
      stream_ = completion.value;
      text_.clear();
      return body_read(kRead, stream_, buffer_);
    }
    text_.append(buffer_.data(), completion.value);
    if (completion.value > 0) return body_read(kRead, stream_, buffer_);
    http_close(stream_);
    if (++asked_ < request().number("times", 1)) return ask();
    answer(text_);
  }

 private:
  void ask() {
    const auto url = request().header("x-upstream");
    const bool is_last = asked_ + 1 == request().number("times", 1);
    fabula_import_public_keys(handle(), kFetch, url.data(), static_cast<std::uint32_t>(url.size()),
                              is_last ? request().number("refresh", 0) : 0);
  }

  std::uint32_t asked_ = 0;
  std::uint32_t stream_ = 0;
  std::vector<char> buffer_;
  std::string text_;
};

}  // namespace

Command* make_upstream_command(const Request& request) {
  if (request.command() == "relay") return new Relay(request);
  if (request.command() == "post") return new Post(request);
  if (request.command() == "close-early") return new CloseEarly(request);
  if (request.command() == "cancel-fetch") return new CancelFetch(request);
  if (request.command() == "impatient") return new Impatient(request);
  if (request.command() == "public-keys") return new PublicKeys(request);
  return nullptr;
}

}  // namespace fabula::raw
