#include "wasm/engine/http_channels.hpp"

#include "shared/http/media_type.hpp"
#include "wasm/engine/stream_channel.hpp"
#include "wasm/engine/whole_channel.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {

runtime::Task<void> refuse_over_http(Call& call, const turn::Protocol& protocol,
                                     const Problem& problem) {
  call.note_problem(problem);
  co_await call.send(protocol.refusal(call.as_told(problem), call.log().request_id));
}

Result<AnswerForm> choose_answer_form(const turn::Protocol& protocol,
                                      std::optional<std::string_view> accept) {
  const int stream_quality = http::accept_quality(accept, protocol.stream_type);
  const int whole_quality = protocol.whole ? http::accept_quality(accept, protocol.whole_type) : 0;
  if (whole_quality > stream_quality) return AnswerForm::whole;
  if (auto taken = http::require_acceptable(accept, protocol.stream_type); !taken) {
    return tl::unexpected(std::move(taken.error()));
  }
  return AnswerForm::stream;
}

std::unique_ptr<turn::Framing> HttpChannels::make_framing(const turn::Protocol& protocol,
                                                          const turn::Telling& telling) {
  return form_ == AnswerForm::whole ? protocol.whole(telling) : protocol.stream(telling);
}

std::unique_ptr<Channel> HttpChannels::make_channel(Call& call, const turn::Protocol& protocol,
                                                    turn::Framing& framing,
                                                    const RelayLimits& limits) {
  if (form_ == AnswerForm::whole) return std::make_unique<WholeChannel>(call, protocol, framing);
  return std::make_unique<StreamChannel>(call, protocol.stream_type, framing, limits.coalesce_ms,
                                         longest_silence_ms(call.context(), limits),
                                         runtime::now_ms(call.context()));
}

}  // namespace fabula::engine
