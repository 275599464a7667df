// The channels of an answer over HTTP, chosen by the request's Accept header.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "shared/result/result.hpp"
#include "shared/turn/protocol.hpp"
#include "wasm/engine/answer_form.hpp"
#include "wasm/engine/conversation.hpp"

namespace fabula::engine {

// Chooses by Accept: a stream, unless Accept excludes it or prefers the whole answer, and the
// protocol has one. not_acceptable when neither is accepted.
Result<AnswerForm> choose_answer_form(const turn::Protocol& protocol,
                                      std::optional<std::string_view> accept);

// Answers with the protocol's refusal.
runtime::Task<void> refuse_over_http(Call& call, const turn::Protocol& protocol,
                                     const Problem& problem);

class HttpChannels final : public ChannelMaker {
 public:
  explicit HttpChannels(AnswerForm form) : form_(form) {}

  runtime::Task<void> refuse(Call& call, const turn::Protocol& protocol,
                             const Problem& problem) override {
    return refuse_over_http(call, protocol, problem);
  }
  std::unique_ptr<turn::Framing> make_framing(const turn::Protocol& protocol,
                                              const turn::Telling& telling) override;
  std::unique_ptr<Channel> make_channel(Call& call, const turn::Protocol& protocol,
                                        turn::Framing& framing, const RelayLimits& limits) override;

 private:
  AnswerForm form_;
};

}  // namespace fabula::engine
