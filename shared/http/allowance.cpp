#include "shared/http/allowance.hpp"

#include "shared/text/integer.hpp"

namespace fabula::http {

void set_allowance(Headers& headers, const Allowance& allowance) {
  headers.set("ratelimit-limit", text::integer_text(allowance.limit));
  headers.set("ratelimit-remaining", text::integer_text(allowance.remaining));
  headers.set("ratelimit-reset", text::integer_text(allowance.reset_s));
}

}  // namespace fabula::http
