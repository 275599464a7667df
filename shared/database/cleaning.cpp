#include "shared/database/cleaning.hpp"

#include "shared/json/raw_object.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {

void write_clean(std::string& out, const Clean& request) {
  json::Writer writer(out);
  writer.begin_object().key("deleted_days").integer(request.deleted_days).end_object();
}

std::optional<Cleaned> read_cleaned(std::string answer) {
  const auto cleaned = json::RawObject::read(answer, {"left"});
  if (!cleaned) return std::nullopt;
  return Cleaned{cleaned->is_true("left")};
}

}  // namespace fabula::database
