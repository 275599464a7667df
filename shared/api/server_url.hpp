// The URL at which callers reach the functions, as far as a request shows it.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/http/url.hpp"

namespace fabula::api {

// The URL that the patterns of routes are relative to, without a slash at the end, such as
// https://x.supabase.co/functions/v1: the request's own origin, or that of the proxy before us
// (X-Forwarded-Host and -Proto), with the prefix /functions/v1 if callers write it. Supabase runs
// functions under an internal host name and removes the prefix, so there it is the project's
// `supabase_url`.
std::string server_url(const http::Url& url, const http::Headers& headers,
                       std::string_view supabase_url);

}  // namespace fabula::api
