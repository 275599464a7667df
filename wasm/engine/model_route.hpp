// The models that may answer a turn, in the order in which they are asked, and what each is sent.
#pragma once

#include <cstddef>
#include <cstdint>
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

namespace fabula::engine {

using Endpoints = std::vector<llm::Endpoint>;  // never empty

// The endpoints of the route that `setting` names, such as MODEL_CHAT. An entry that cannot be used
// (its key is not set, say) is passed over when another one can; otherwise it is the problem.
Result<Endpoints> resolve_route(Call& call, const settings::Setting& setting);

// The same, or the route of `other` when `setting` is not set and nothing of its default can be
// used.
Result<Endpoints> resolve_route_or(Call& call, const settings::Setting& setting,
                                   const settings::Setting& other);

// A request as the host sends it.
struct ModelCall {
  std::string head;
  std::string body;
};

// The request to this model, whose name it sets. A problem is internal_error or one of its
// settings.
Result<ModelCall> make_call(const llm::Endpoint& endpoint, llm::ModelRequest request);

// A turn's prompt, from which the request to any model of the route is made when it is needed: one
// of them at a time is in memory.
class ModelRoute {
 public:
  // All must outlive it; `turn` holds the conversation. `last_text` is what the model is sent last;
  // empty: the conversation ends with it. `attachments` are of the user's last message, and every
  // endpoint takes them.
  ModelRoute(const Endpoints& endpoints, turn::BegunTurn& turn, std::string_view system_prompt,
             std::string_view last_text, std::vector<llm::Attachment>& attachments,
             std::int64_t maximum_output_tokens)
      : endpoints_(endpoints),
        turn_(turn),
        system_prompt_(system_prompt),
        last_text_(last_text),
        attachments_(attachments),
        maximum_output_tokens_(maximum_output_tokens) {}

  std::size_t size() const { return endpoints_.size(); }
  const llm::Endpoint& operator[](std::size_t model) const { return endpoints_[model]; }

  // The model may ask for these, which must outlive this.
  void offer(std::span<const llm::Tool> tools) { tools_ = tools; }
  // What came of it: sent with every request from now on.
  void add_round(llm::ToolRound&& round) { rounds_.push_back(std::move(round)); }

  // What the model at this place is sent. A problem is internal_error or one of its settings.
  Result<ModelCall> call(std::size_t model) const;

  // Frees the conversation: nobody will be asked any more.
  void forget() {
    turn_.answer = std::string();
    attachments_ = std::vector<llm::Attachment>();
  }

 private:
  const Endpoints& endpoints_;
  turn::BegunTurn& turn_;
  std::string_view system_prompt_;
  std::string_view last_text_;
  std::vector<llm::Attachment>& attachments_;
  std::int64_t maximum_output_tokens_;
  std::span<const llm::Tool> tools_;
  std::vector<llm::ToolRound> rounds_;
};

}  // namespace fabula::engine
