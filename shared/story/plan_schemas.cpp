#include "shared/story/outline.hpp"

namespace fabula::story {

// Macros, because the parts repeat and must be one literal.
#define TEXT R"({"type":"string"})"
#define TEXTS R"({"type":"array","items":{"type":"string"}})"
#define LIST(item) R"({"type":"array","items":)" item "}"
#define OBJECT(required, properties)                                       \
  R"({"type":"object","additionalProperties":false,"required":[)" required \
  R"(],"properties":{)" properties "}}"
#define MEMBER(name) R"(")" name R"(":)" TEXT

// clang-format off
extern constexpr std::string_view kOutlineSchema = OBJECT(
    R"("scenes")",
    R"("scenes":)" LIST(OBJECT(
        R"("number","title","description","characters","key_events","image_prompt","narration")",
        R"("number":{"type":"integer"},)" MEMBER("title") "," MEMBER("description")
        R"(,"characters":)" TEXTS R"(,"key_events":)" TEXTS ","
        MEMBER("image_prompt") "," MEMBER("narration"))));

extern constexpr std::string_view kChaptersSchema = OBJECT(
    R"("title","chapters")",
    MEMBER("title") R"(,"chapters":)" LIST(OBJECT(
        R"("number","title","description","key_events")",
        R"("number":{"type":"integer"},)" MEMBER("title") "," MEMBER("description")
        R"(,"key_events":)" TEXTS)));

extern constexpr std::string_view kIdeasSchema = OBJECT(
    R"("ideas")",
    R"("ideas":)" LIST(OBJECT(
        R"("title","idea","whats_new")",
        MEMBER("title") "," MEMBER("idea") "," MEMBER("whats_new"))));

extern constexpr std::string_view kSetupSchema = OBJECT(
    R"("persona","story_setting","character_input","plot_elements","writing_style","story_tone",)"
    R"("narrative_pov","audience_age_group","content_rating","ending_preference","story_length",)"
    R"("title")",
    MEMBER("persona") "," MEMBER("story_setting") "," MEMBER("character_input") ","
    MEMBER("plot_elements") "," MEMBER("writing_style") "," MEMBER("story_tone") ","
    MEMBER("narrative_pov") "," MEMBER("audience_age_group") "," MEMBER("content_rating") ","
    MEMBER("ending_preference") "," MEMBER("story_length") "," MEMBER("title"));
// clang-format on

#undef MEMBER
#undef OBJECT
#undef LIST
#undef TEXTS
#undef TEXT

}  // namespace fabula::story
