#include "functions/chat/framing.hpp"

namespace fabula::chat_function {

void Framing::stored(std::string& out, const engine::TurnEnd& end) {
  chat::Metadata metadata;
  metadata.session_id = end.turn.session_id;
  metadata.project_id = end.turn.project_id;
  metadata.user_id = end.turn.user_id;
  metadata.message_id = end.message_id;
  metadata.user_message_id = end.turn.user_message_id;
  metadata.stream_id = end.turn.stream_id;
  metadata.model = end.model;
  metadata.provider = end.provider;
  if (end.usage) {
    metadata.input_tokens = end.usage->input_tokens;
    metadata.output_tokens = end.usage->output_tokens;
  }
  metadata.title = end.turn.title;
  metadata.guest_token = new_guest_token_;
  metadata.dossier = end.dossier;
  events_.append_metadata(out, metadata);
}

}  // namespace fabula::chat_function
