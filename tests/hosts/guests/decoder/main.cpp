// A guest for tests/bench/relay: decodes the request's body, a model's streamed answer, event by
// event and as often as the header x-repeats says; answers with the number of bytes of text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/http/head.hpp"
#include "shared/llm/stream/decoder.hpp"
#include "shared/text/integer.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/entry.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"

namespace {

using namespace fabula;
using namespace fabula::runtime;

constexpr std::size_t kBodyLimitBytes = std::size_t{1} << 20;
constexpr std::int64_t kLongestBodyMs = 60'000;

class TextCounter final : public llm::StreamSink {
 public:
  void on_text(std::string_view text) override { bytes_ += text.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
};

std::vector<std::string_view> split_events(std::string_view body) {
  constexpr std::string_view kEnd = "\n\n";
  std::vector<std::string_view> events;
  for (auto end = body.find(kEnd); end != std::string_view::npos; end = body.find(kEnd)) {
    events.push_back(body.substr(0, end + kEnd.size()));
    body.remove_prefix(end + kEnd.size());
  }
  return events;
}

Task<void> handle(Context& context) {
  const auto head = http::parse_request_head(request_head(context));
  const auto asked = head ? head->headers.find("x-repeats").value_or("1") : std::string_view("1");
  const auto repeats = text::parse_natural(asked).value_or(1);
  Deadline deadline(context, kLongestBodyMs);
  const auto body =
      co_await read_whole(context, kRequestBody, kBodyLimitBytes, deadline, kLongestBodyMs);
  TextCounter counter;
  if (body) {
    const auto events = split_events(*body);
    for (std::uint64_t repeat = 0; repeat < repeats; ++repeat) {
      const auto decoder = llm::make_decoder(llm::WireFormat::openai);
      for (const auto event : events) decoder->feed(event, counter);
    }
  }
  start_response(context, "200\n");
  const auto answer = std::to_string(counter.bytes());
  co_await ResponseWrite(context, answer);
  end_response(context);
}

}  // namespace

FABULA_FUNCTION(handle)
