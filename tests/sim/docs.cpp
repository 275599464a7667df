// The docs function: the document that the build has made is the declarations'.
#include "functions/docs/docs.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/openapi.hpp"
#include "wasm/sim/world.hpp"

using namespace fabula;

TEST_CASE("the document is what the declarations say, with the server that was asked") {
  for (const std::string server : {"http://edge/functions/v1", "https://a.example:8443"}) {
    sim::World world(1);
    world.environment = {{"SUPABASE_URL", "http://db"},
                         {"SUPABASE_SECRET_KEYS", R"({"default":"sb_secret_1"})"}};
    const auto& client =
        world.call(&docs_function::handle, "GET " + server + "/docs/openapi.json\n", "");
    world.run();
    CHECK(client.body() == api::openapi_document(api::kGroups, server));
  }
}
