// The lists of hosts that an operator allows. A function cannot resolve names, so a name might
// point into a private network: a list of hosts is the only reliable check.
#pragma once

#include <string_view>

#include "shared/http/url.hpp"

namespace fabula::http {

// Whether the URL's host is in `hosts`: `models.example.com,models.example:8443`, in any case. An
// entry without a port means that of https; with `is_development` any port, because servers there
// use any. Entries mean themselves alone, not names below them.
bool is_listed_host(const Url& url, std::string_view hosts, bool is_development);

}  // namespace fabula::http
