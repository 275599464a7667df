// Decodes the body of POST /chat for a page, which makes and destroys one object for each stream.
#include <emscripten/em_macros.h>

#include <cstdint>
#include <string>

#include "shared/sse/decoder.hpp"

namespace {

// chat-stream.ts reads it as four words.
struct Frame {
  const char* data;
  std::uint32_t data_bytes;
  const char* id;
  std::uint32_t id_bytes;
};

struct ChatStream {
  fabula::sse::Decoder decoder;
  std::string piece;
  Frame frame;
};

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE ChatStream* fabula_stream_create() { return new ChatStream(); }

EMSCRIPTEN_KEEPALIVE void fabula_stream_destroy(ChatStream* stream) { delete stream; }

// The buffer into which the page writes the body's next piece before fabula_stream_feed.
EMSCRIPTEN_KEEPALIVE char* fabula_stream_piece(ChatStream* stream, std::uint32_t bytes) {
  stream->piece.resize(bytes);
  return stream->piece.data();
}

EMSCRIPTEN_KEEPALIVE void fabula_stream_feed(ChatStream* stream) {
  stream->decoder.feed(stream->piece);
}

// The piece's next frame, valid until the next call; null when there is none. Frames with a name do
// not belong to this protocol.
EMSCRIPTEN_KEEPALIVE const Frame* fabula_stream_next(ChatStream* stream) {
  fabula::sse::Event event;
  do {
    if (!stream->decoder.next(event)) return nullptr;
  } while (event.type != "message");
  stream->frame = {event.data.data(), static_cast<std::uint32_t>(event.data.size()),
                   event.last_event_id.data(),
                   static_cast<std::uint32_t>(event.last_event_id.size())};
  return &stream->frame;
}

EMSCRIPTEN_KEEPALIVE bool fabula_stream_is_too_large(const ChatStream* stream) {
  return stream->decoder.is_too_large();
}

}  // extern "C"
