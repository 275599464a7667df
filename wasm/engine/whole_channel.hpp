// Sends a turn as one whole HTTP response once it has ended, with a status for how it ended.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "shared/turn/protocol.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/channel.hpp"

namespace fabula::engine {

class WholeChannel final : public Channel {
 public:
  WholeChannel(Call& call, const turn::Protocol& protocol, turn::Framing& framing)
      : call_(call), protocol_(protocol), framing_(framing) {}

  Result<void> begin(http::Headers&& headers) override;
  void text(std::string_view text, std::int64_t now_ms) override;
  void reasoning(std::string_view text, std::int64_t now_ms) override;
  void tell(const turn::Event& event) override;
  // The answer itself is always unsent until the end.
  bool has_unsent() const override { return true; }
  bool is_full() const override { return false; }
  void arm(std::int64_t) override {}
  std::int64_t due_ms() const override { return std::numeric_limits<std::int64_t>::max(); }
  runtime::Waitable* waiting_for() override { return nullptr; }
  void look() override {}
  runtime::Task<void> flush() override;
  runtime::Task<void> end() override;

 private:
  void fail(const turn::event::Failed& failed);

  Call& call_;
  const turn::Protocol& protocol_;
  turn::Framing& framing_;
  http::Headers headers_;
  std::string body_;
  std::optional<Problem> problem_;
};

}  // namespace fabula::engine
