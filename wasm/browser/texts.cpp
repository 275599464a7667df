// Functions of the core from text to text. A text is an object that the page makes and destroys; a
// function replaces its contents.
#include <emscripten/em_macros.h>

#include <cstdint>
#include <string>

#include "generated/prompts.hpp"
#include "shared/text/title.hpp"

extern "C" {

EMSCRIPTEN_KEEPALIVE std::string* fabula_text_create(std::uint32_t bytes) {
  return new std::string(bytes, '\0');
}

EMSCRIPTEN_KEEPALIVE void fabula_text_destroy(std::string* text) { delete text; }

EMSCRIPTEN_KEEPALIVE char* fabula_text_data(std::string* text) { return text->data(); }

EMSCRIPTEN_KEEPALIVE std::uint32_t fabula_text_bytes(const std::string* text) {
  return static_cast<std::uint32_t>(text->size());
}

EMSCRIPTEN_KEEPALIVE void fabula_session_title(std::string* text) {
  *text = fabula::text::session_title(*text);
}

EMSCRIPTEN_KEEPALIVE void fabula_system_prompt(std::string* text) {
  *text = fabula::prompts::kChat.text;
}

}  // extern "C"
