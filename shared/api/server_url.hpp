// Where callers find the functions, as far as a request shows it.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/http/url.hpp"

namespace fabula::api {

// What the patterns of routes are below, without a slash at the end, such as
// https://x.supabase.co/functions/v1: the request's own origin, or that of the proxy before us
// (X-Forwarded-Host and -Proto), with the prefix /functions/v1 where callers write it. Supabase
// runs functions under a host name of its own and takes the prefix off, so there it is the
// project's `supabase_url`.
std::string server_url(const http::Url& url, const http::Headers& headers,
                       std::string_view supabase_url);

}  // namespace fabula::api
