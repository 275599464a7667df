// What happens in a turn, as it is told to whoever asked for it: a channel carries events, a
// protocol writes them as frames. Views and references are gone when the call returns.
//
// Order: begun; any number of text, reasoning, tool_call, tool_result and beat; then stored, if
// there is a message, again when its dossier has taken it up; then one of finished, failed and
// come_back.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/dossier_view.hpp"

namespace fabula::turn::event {

// The turn has its row: its ids are known.
struct Begun {
  const BegunTurn& turn;
};

// The next part of the reply: whole characters.
struct Text {
  std::string_view text;
};

// A part of what the model thinks aloud, of turns that ask for it; it is kept nowhere.
struct Reasoning {
  std::string_view text;
};

// The model has asked for a tool.
struct ToolCall {
  std::string_view id;  // of this call in its turn; never empty
  std::string_view name;
  std::string_view arguments;  // a JSON object
};

// What the tool gave, which the model is told.
struct ToolResult {
  std::string_view id;  // of the call
  std::string_view name;
  std::string_view content;
  bool is_error = false;
};

// Something to write that no reader shows.
struct Beat {};

// The reply, complete or not, is stored: its ids and facts.
struct Stored {
  const BegunTurn& turn;
  std::string_view message_id;  // empty: nothing was said, and no message stored
  std::string_view provider;
  std::string_view model;
  const std::optional<llm::Usage>& usage;
  std::string_view finish_reason;  // as finish_reason_told gives it
  std::optional<DossierView> dossier = {};
};

// The reply is complete, or was cancelled; this was the end.
struct Finished {
  std::string_view finish_reason;
};

// The reply ends here, incomplete; what was told of it is kept, unless it is said that less is.
struct Failed {
  const Problem& problem;
  // UTF-8 bytes of the reply that are stored, as far as that is known; nothing: all that was told.
  std::optional<std::uint64_t> stored_bytes = {};
};

// The answer ends although the reply goes on: come back for more.
struct ComeBack {};

}  // namespace fabula::turn::event

namespace fabula::turn {

using Event =
    std::variant<event::Begun, event::Text, event::Reasoning, event::ToolCall, event::ToolResult,
                 event::Beat, event::Stored, event::Finished, event::Failed, event::ComeBack>;

}  // namespace fabula::turn
