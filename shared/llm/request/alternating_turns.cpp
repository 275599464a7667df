#include "shared/llm/request/alternating_turns.hpp"

#include <cstdint>

#include "shared/json/text.hpp"
#include "shared/llm/request/history.hpp"
#include "shared/llm/request/prefill.hpp"
#include "shared/text/blank.hpp"

namespace fabula::llm {
namespace {

enum class Speaker : std::uint8_t { nobody, user, model };

class Turns {
 public:
  Turns(std::string& body, const TurnForm& form) : body_(body), form_(form) {}

  // The text that is appended next is a part of this speaker's message.
  void begin_part(Speaker speaker) {
    if (speaker == speaker_) {
      body_ += ',';
      return;
    }
    if (speaker_ == Speaker::nobody && speaker == Speaker::model) {
      text(Speaker::user, kOpening);
    }
    if (speaker_ != Speaker::nobody) body_.append(form_.end).append(",");
    body_ += speaker == Speaker::user ? form_.user_begin : form_.model_begin;
    speaker_ = speaker;
  }

  // `contents` is the contents of a JSON string.
  void text(Speaker speaker, std::string_view contents) {
    begin_part(speaker);
    body_.append(form_.text_begin).append(contents).append(form_.text_end);
  }

  // False when the model has nothing to answer.
  bool finish() {
    body_ += form_.end;
    return speaker_ == Speaker::user;
  }

 private:
  std::string& body_;
  const TurnForm& form_;
  Speaker speaker_ = Speaker::nobody;
};

}  // namespace

std::string_view append_turns(std::string& body, const TurnForm& form, const ModelRequest& request,
                              std::string_view opening) {
  Turns turns(body, form);
  if (!opening.empty()) turns.text(Speaker::user, opening);
  History history(request.history_json);
  HistoryMessage message;
  HistoryMessage last;
  const auto write_last = [&] {
    if (last.role.empty() || is_blank_json(last.content)) return;
    turns.text(last.role == "assistant" ? Speaker::model : Speaker::user, last.content);
  };
  while (history.next(message)) {
    write_last();
    last = message;
  }
  if (!history.is_valid()) return kUnreadableHistory;
  if (request.continues_own_words) last.content = without_trailing_space_json(last.content);
  write_last();
  for (const auto& attachment : request.attachments) {
    turns.begin_part(Speaker::user);
    if (attachment.kind != Attachment::Kind::text) {
      append_image(body, form.images, attachment);
      continue;
    }
    body += form.text_begin;
    append_attached_text(body, attachment);
    body += form.text_end;
  }
  if (!text::is_blank(request.user_text)) {
    turns.begin_part(Speaker::user);
    body += form.text_begin;
    json::append_string_contents(body, request.user_text);
    body += form.text_end;
  }
  for (const auto& round : request.rounds) {
    if (!text::is_blank(round.text)) {
      turns.begin_part(Speaker::model);
      body += form.text_begin;
      json::append_string_contents(body, round.text);
      body += form.text_end;
    }
    for (const auto& call : round.calls) {
      turns.begin_part(Speaker::model);
      form.append_call(body, call);
    }
    for (std::size_t i = 0; i < round.answers.size(); ++i) {
      turns.begin_part(Speaker::user);
      form.append_answer(body, round.calls[i], round.answers[i]);
    }
  }
  return turns.finish() || request.continues_own_words ? std::string_view() : kNothingToAnswer;
}

}  // namespace fabula::llm
