#include "shared/protocols/realtime/raw_protocol.hpp"

#include "shared/text/blank.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::protocols::realtime {
namespace {

constexpr std::int64_t kLongestIdleMs = std::int64_t{10} * 60 * 1000;

class RawFraming final : public turn::Framing {
 public:
  void text(std::string& out, std::string_view text) override { out.append(text); }
  void finished(std::string&, const turn::event::Finished&) override {}
  void failed(std::string&, const turn::event::Failed&) const override {}
  void come_back(std::string&) override {}
};

class RawProtocol final : public turn::SocketProtocol {
 public:
  std::string_view name() const override { return {}; }
  bool closes_on_problem() const override { return true; }
  std::int64_t longest_idle_ms() const override { return kLongestIdleMs; }

  Result<turn::Said> read(std::string_view message) const override {
    if (!text::is_valid_utf8(message) || text::is_blank(message) ||
        message.size() > std::size_t{turn::kMaximumSaidBytes} ||
        message.find('\0') != std::string_view::npos) {
      return problem(ErrorCode::invalid_request,
                     "A message has 1 to 200,000 bytes of text, without U+0000.");
    }
    return turn::Said(turn::said::Message{{}, std::string(message), {}, {}});
  }

  std::unique_ptr<turn::Framing> framing(turn::SocketTelling) const override {
    return std::make_unique<RawFraming>();
  }
};

constexpr RawProtocol kRaw;

}  // namespace

constinit const turn::SocketProtocol& kRawProtocol = kRaw;

}  // namespace fabula::protocols::realtime
