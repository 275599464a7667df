// Commands about bodies: the request's and the response's.
#include <algorithm>
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kRead = 1, kWrite = 2 };

// Sends the request's body back, in pieces of at most `capacity` bytes.
class Echo : public Command {
 public:
  explicit Echo(const Request& request)
      : Command(request), buffer_(request.number("capacity", 65536)) {}

  void begin() override {
    start_response("200\ncontent-type: application/octet-stream\n");
    body_read(kRead, 0, buffer_);
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kWrite) return body_read(kRead, 0, buffer_);
    if (completion.value > 0) return write(kWrite, {buffer_.data(), completion.value});
    end_response();
    finish();
  }

 private:
  std::vector<char> buffer_;
};

// Writes `megabytes` as fast as the host takes them and logs each one that it took.
class Flood : public Command {
 public:
  explicit Flood(const Request& request)
      : Command(request), pieces_left_(request.number("megabytes", 1) * kPiecesAMegabyte) {}

  void begin() override {
    start_response("200\n");
    write(kWrite, piece_);
  }

  void operation_done(const Completion&) override {
    if (--pieces_left_ % kPiecesAMegabyte == 0) log("{\"message\":\"one megabyte\"}");
    if (pieces_left_ > 0) return write(kWrite, piece_);
    end_response();
    finish();
  }

 private:
  static constexpr std::uint32_t kPiecesAMegabyte = 16;
  std::string piece_ = std::string(65536, 'f');
  std::uint32_t pieces_left_;
};

// Reads the first half of the request's body, lets the memory grow during the next read, and
// answers with the whole body.
class Grow : public Command {
 public:
  explicit Grow(const Request& request) : Command(request), buffer_(1024) {}

  void begin() override { body_read(kRead, 0, buffer_); }

  void operation_done(const Completion& completion) override {
    if (completion.value == 0) return answer(text_);
    text_.append(buffer_.data(), completion.value);
    body_read(kRead, 0, buffer_);
    ballast_.emplace_back(kBallastBytes, 'b');
  }

 private:
  static constexpr std::size_t kBallastBytes = 1'000'000;
  std::vector<char> buffer_;
  std::string text_;
  std::vector<std::string> ballast_;
};

// Two operations that are done at once are one batch. The first one's completion makes this command
// cancel the second, whose bytes must then come with the next read.
class TakeBack : public Command {
 public:
  explicit TakeBack(const Request& request) : Command(request), buffer_(64) {}

  void begin() override { get_upstream(kRead); }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kAtOnce) return cancel(kSecond);
    if (completion.operation == kSecond) {
      second_status_ = completion.status;
      return body_read(kThird, stream_, buffer_);
    }
    if (completion.operation == kThird) {
      return answer(decimal(second_status_) + " " + std::string(buffer_.data(), completion.value));
    }
    if (stream_ == 0) {
      stream_ = completion.value;
      return body_read(kRead, stream_, std::span(buffer_).first(1));
    }
    // The host holds the rest of the piece, and the request has no body: both reads complete at
    // once.
    body_read(kAtOnce, 0, other_);
    body_read(kSecond, stream_, buffer_);
  }

 private:
  enum : std::uint32_t { kAtOnce = 10, kSecond = 11, kThird = 12 };
  std::uint32_t stream_ = 0;
  std::int32_t second_status_ = 0;
  std::vector<char> buffer_;
  std::vector<char> other_ = std::vector<char>(8);
};

}  // namespace

Command* make_body_command(const Request& request) {
  if (request.command() == "echo") return new Echo(request);
  if (request.command() == "flood") return new Flood(request);
  if (request.command() == "grow") return new Grow(request);
  if (request.command() == "take-back") return new TakeBack(request);
  return nullptr;
}

}  // namespace fabula::raw
