// The models that may answer a turn, in the order in which they are asked, and each one's request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/llm/request/attachment.hpp"
#include "shared/llm/request/model_request.hpp"
#include "shared/llm/request/tool.hpp"
#include "shared/llm/route/route.hpp"
#include "shared/result/result.hpp"
#include "shared/settings/setting.hpp"
#include "shared/turn/begin.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/server_habits.hpp"

namespace fabula::engine {

using Endpoints = std::vector<llm::Endpoint>;  // never empty

// Resolves the route in `setting`, such as MODEL_CHAT. An entry that cannot be used (its key is not
// set, for example) is skipped if another one can be used; otherwise its problem is returned.
Result<Endpoints> resolve_route(Call& call, const settings::Setting& setting);

// Resolves the route in `setting`, or that in `other` when `setting` is not set and its default
// cannot be used.
Result<Endpoints> resolve_route_or(Call& call, const settings::Setting& setting,
                                   const settings::Setting& other);

// The same for models that generate images, such as those in MODEL_IMAGE.
Result<Endpoints> resolve_image_route(Call& call, const settings::Setting& setting);

// A request in the form that the host sends.
struct ModelCall {
  std::string head;
  std::string body;
};

// Makes the request to this model, and sets the model's name in it; without the parts in
// `request.refused`. The error is internal_error or that of an invalid setting.
Result<ModelCall> make_call(const llm::Endpoint& endpoint, llm::ModelRequest request);

struct RouteSettings {
  std::int64_t maximum_output_tokens = 0;
  std::optional<int> temperature_hundredths = {};  // nothing: the model's default
};

// A turn's prompt, which makes the request to any model of the route when it is needed, so that
// only one request at a time is in memory.
class ModelRoute {
 public:
  // All arguments must outlive it; `turn` holds the conversation. `last_text` is the last message
  // to the model; empty: the conversation is the end of the prompt. `attachments` belong to the
  // user's last message, and every endpoint must accept them.
  ModelRoute(runtime::Context& context, const Endpoints& endpoints, turn::BegunTurn& turn,
             std::string_view system_prompt, std::string_view last_text,
             std::vector<llm::Attachment>& attachments, RouteSettings settings)
      : endpoints_(endpoints),
        habits_(context, endpoints),
        turn_(turn),
        system_prompt_(system_prompt),
        last_text_(last_text),
        attachments_(attachments),
        settings_(settings) {}

  std::size_t size() const { return endpoints_.size(); }
  const llm::Endpoint& operator[](std::size_t model) const { return endpoints_[model]; }

  // Offers these tools to the model; they must outlive this.
  void offer(std::span<const llm::Tool> tools) { tools_ = tools; }
  // Adds a round of tool calls and results to every later request.
  void add_round(llm::ToolRound&& round) { rounds_.push_back(std::move(round)); }

  // The conversation ends with the model's own text, which it must continue. Attachments of the
  // user's message would have to follow it.
  void go_on() { is_going_on_ = attachments_.empty(); }
  // Whether the model with this index continues its text exactly; others get an instruction in
  // `last_text`.
  bool goes_on_verbatim(std::size_t model) const;

  // Makes the request to the model with this index. The error is internal_error or that of an
  // invalid setting.
  Result<ModelCall> call(std::size_t model) const;

  // Whether the model should be asked once more after this failure, because its server only refuses
  // an optional part of the request. Later requests leave it out.
  bool learn(std::size_t model, const Problem& failure) { return habits_.learn(model, failure); }

  // Frees the conversation: no more requests are made.
  void forget() {
    turn_.answer = std::string();
    attachments_ = std::vector<llm::Attachment>();
  }
  bool is_forgotten() const { return turn_.answer.empty(); }

 private:
  const Endpoints& endpoints_;
  ServerHabits habits_;
  turn::BegunTurn& turn_;
  std::string_view system_prompt_;
  std::string_view last_text_;
  std::vector<llm::Attachment>& attachments_;
  RouteSettings settings_;
  bool is_going_on_ = false;
  std::span<const llm::Tool> tools_;
  std::vector<llm::ToolRound> rounds_;
};

}  // namespace fabula::engine
