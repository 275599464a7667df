// Commands about the end: the client leaves, the isolate ends, work continues after the response.
#include <vector>

#include "tests/hosts/guests/raw/command.hpp"

namespace fabula::raw {
namespace {

enum : std::uint32_t { kFetch = 1, kRead = 2, kWrite = 3, kTimer = 4, kReport = 5 };

constexpr std::uint32_t kCommentGapMs = 1000;

// Relays the upstream's body until the client has left or the isolate ends; then closes the
// upstream and reports the reason to it, at x-upstream + "/report?...". On a host that notices only
// on writing that the client has left, it writes a comment after each silent second.
class RelayUntilLeft : public Command {
 public:
  explicit RelayUntilLeft(const Request& request)
      : Command(request),
        writes_comments_((fabula_import_host_traits(request.handle()) & kOnlyOnWrite) != 0),
        buffer_(65536) {}

  void begin() override { get_upstream(kFetch); }

  void event(abi::Event event) override {
    ++events_;
    stop(event == abi::Event::client_left ? "client_left" : "isolate_ending");
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kReport) {
      // Work that began before the end is not cut off: a late event would be counted here.
      return finish();
    }
    if (is_stopping_) return;
    if (completion.operation == kFetch) {
      stream_ = completion.value;
      start_response("200\ncontent-type: text/event-stream\n");
      body_read(kRead, stream_, buffer_);
      write_comment_later();
    } else if (completion.operation == kTimer) {
      if (is_writing_) return write_comment_later();
      is_commenting_ = true;
      write_bytes(": still here\n\n");
    } else if (completion.operation == kRead) {
      if (!is_ok(completion) || completion.value == 0) return stop("upstream_ended");
      pending_.append(buffer_.data(), completion.value);
      if (!is_writing_) write_pending();
      body_read(kRead, stream_, buffer_);
    } else {
      written(completion);
    }
  }

 private:
  static constexpr auto kOnlyOnWrite =
      static_cast<std::uint32_t>(abi::HostTrait::notices_leaving_only_on_write);

  void written(const Completion& completion) {
    is_writing_ = false;
    if (!is_ok(completion)) return stop("disconnected");
    if (is_commenting_) {
      is_commenting_ = false;
      write_comment_later();
    }
    if (!pending_.empty()) write_pending();
  }

  void write_comment_later() {
    if (writes_comments_) sleep(kTimer, kCommentGapMs);
  }

  void write_pending() {
    write_bytes(pending_);
    pending_.clear();
  }

  void write_bytes(std::string_view bytes) {
    is_writing_ = true;
    write(kWrite, bytes);
  }

  void stop(std::string_view reason) {
    if (is_stopping_) return;
    is_stopping_ = true;
    if (stream_ > 0) http_close(stream_);
    get_upstream(kReport, std::string("/report?reason=").append(reason));
  }

  bool writes_comments_;
  bool is_stopping_ = false;
  bool is_writing_ = false;
  bool is_commenting_ = false;
  int events_ = 0;
  std::uint32_t stream_ = 0;
  std::vector<char> buffer_;
  std::string pending_;
};

// Waits for the client's leaving before there is a response, then counts: the event must come once,
// and a write afterwards must be answered with `disconnected`.
class CountLeaving : public Command {
 public:
  using Command::Command;

  void begin() override {
    start_response("200\n");
    write(kWrite, "waiting");
    sleep(kTimer, kCommentGapMs);
  }

  void event(abi::Event event) override {
    if (event == abi::Event::client_left) ++events_;
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kReport) return finish();
    if (completion.operation == kTimer && ++ticks_ < 3) {
      write(kWrite, "tick");
      return sleep(kTimer, kCommentGapMs);
    }
    if (completion.operation == kWrite) last_status_ = completion.status;
    if (completion.operation == kTimer) {
      get_upstream(kReport,
                   "/report?reason=events" + decimal(events_) + "_status" + decimal(last_status_));
    }
  }

 private:
  int events_ = 0;
  int ticks_ = 0;
  std::int32_t last_status_ = 0;
};

// Answers, and works on for `work_ms`; then reports to the upstream.
class WorkOn : public Command {
 public:
  using Command::Command;

  void begin() override {
    start_response("200\n");
    write(kWrite, "answered");
    end_response();
    sleep(kTimer, request().number("work_ms", 300));
  }

  void event(abi::Event event) override {
    if (event == abi::Event::client_left) ++events_;
  }

  void operation_done(const Completion& completion) override {
    if (completion.operation == kTimer) {
      get_upstream(kReport, "/report?reason=worked_on_events" + decimal(events_));
    }
    if (completion.operation == kReport) finish();
  }

 private:
  int events_ = 0;
};

}  // namespace

Command* make_leaving_command(const Request& request) {
  if (request.command() == "relay-until-left") return new RelayUntilLeft(request);
  if (request.command() == "count-leaving") return new CountLeaving(request);
  if (request.command() == "work-on") return new WorkOn(request);
  return nullptr;
}

}  // namespace fabula::raw
