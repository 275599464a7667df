#include "shared/story/cache_key.hpp"

#include "shared/dossier/log/sha256.hpp"
#include "shared/json/text.hpp"

namespace fabula::story {

std::string cache_key_text(const CachedRequest& request) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array().string(request.owner_id).string(name(request.route));
  writer.string(request.settings).string(request.given).string(request.project_id);
  writer.string(request.model_route).begin_array();
  for (const auto label : request.prompt_labels) writer.string(label);
  writer.end_array().end_array();
  return text;
}

std::string cache_key(const CachedRequest& request) {
  return dossier::digest_text(dossier::sha256(cache_key_text(request)));
}

}  // namespace fabula::story
