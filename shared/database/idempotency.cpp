#include "shared/database/idempotency.hpp"

#include "shared/json/text.hpp"

namespace fabula::database {

void write_answer_once(std::string& out, const AnswerOnce& request) {
  json::Writer writer(out);
  writer.begin_object().key("function").string(request.function);
  writer.key("idempotency_key").string(request.idempotency_key);
  writer.key("request_hash").string(request.request_hash);
  writer.key("request").raw(request.request).end_object();
}

}  // namespace fabula::database
