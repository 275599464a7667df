// The events of a turn for its client: a channel carries them, a protocol writes them as frames.
// Views and references are valid only during the call.
//
// Order: begun; any number of text, reasoning, tool_call, tool_result and beat; then stored, if
// there is a message, and again when the message has been read for the dossier; then one of
// finished, failed and come_back.
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

// The turn is stored and its ids are known.
struct Begun {
  const BegunTurn& turn;
};

// The next part of the reply: whole characters.
struct Text {
  std::string_view text;
};

// A part of the model's reasoning, in turns that ask for it; it is never stored.
struct Reasoning {
  std::string_view text;
};

// The model has called a tool.
struct ToolCall {
  std::string_view id;  // the call's id, unique in its turn; never empty
  std::string_view name;
  std::string_view arguments;  // a JSON object
};

// The tool's answer to the model.
struct ToolResult {
  std::string_view id;  // of the call
  std::string_view name;
  std::string_view content;
  bool is_error = false;
};

// Keeps the connection alive; readers do not show it.
struct Beat {};

// The reply, complete or not, is stored: its ids and metadata.
struct Stored {
  const BegunTurn& turn;
  std::string_view message_id;  // empty: there was no text, and no message is stored
  std::string_view provider;
  std::string_view model;
  const std::optional<llm::Usage>& usage;
  std::string_view finish_reason;  // from finish_reason_told
  std::optional<DossierView> dossier = {};
};

// The end of a reply that is complete or was cancelled.
struct Finished {
  std::string_view finish_reason;
};

// The end of an incomplete reply; all of it that was sent is stored, unless `stored_bytes` is less.
struct Failed {
  const Problem& problem;
  // UTF-8 bytes of the reply that are stored, if known; nothing: everything that was sent.
  std::optional<std::uint64_t> stored_bytes = {};
  // The user's message, which may be answered again; empty: unknown.
  std::string_view user_message_id = {};
};

// The response ends although the reply continues: the client must reconnect for the rest.
struct ComeBack {};

}  // namespace fabula::turn::event

namespace fabula::turn {

using Event =
    std::variant<event::Begun, event::Text, event::Reasoning, event::ToolCall, event::ToolResult,
                 event::Beat, event::Stored, event::Finished, event::Failed, event::ComeBack>;

}  // namespace fabula::turn
