#include "shared/story/tools.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared/json/text.hpp"
#include "shared/story/options.hpp"
#include "shared/story/settings.hpp"

namespace fabula::story {
namespace {

struct Parameter {
  std::string_view name;
  std::string_view description;
  bool is_required = false;
};

constexpr Parameter kProject{"project_id",
                             "The project whose premise, outline and scenes are meant. Without it "
                             "the texts of this request are used, and a new project may be made."};
constexpr Parameter kNeededProject{"project_id", "The project of the story.", true};
constexpr Parameter kPremise{"premise", "The premise, when no project has it."};
constexpr Parameter kOutline{"outline",
                             "The outline, as an array of scenes or as a text, when no project "
                             "has it."};
constexpr Parameter kStoryText{"story_text", "The story so far, when no project has it."};
constexpr Parameter kFeedback{"feedback", "The changes that the outline needs.", true};
constexpr Parameter kFormat{"format", "The kind of file."};

constexpr auto kPremiseParameters = std::to_array<Parameter>({kProject});
constexpr auto kOutlineParameters = std::to_array<Parameter>({kProject, kPremise});
constexpr auto kRefineParameters =
    std::to_array<Parameter>({kProject, kPremise, kOutline, kFeedback});
constexpr auto kStartParameters = std::to_array<Parameter>({kProject, kPremise, kOutline});
constexpr auto kContinueParameters =
    std::to_array<Parameter>({kProject, kPremise, kOutline, kStoryText});
constexpr auto kExportParameters = std::to_array<Parameter>({kNeededProject, kFormat});

constexpr auto kFormats =
    std::to_array<std::string_view>({"md", "txt", "html", "fountain", "epub", "json", "bible"});

struct Tool {
  StoryTool tool;
  std::span<const Parameter> parameters;
  bool takes_settings = true;
};

constexpr auto kTools = std::to_array<Tool>({
    {{"generateStoryPremise", "Writes the premise of a new story from its settings.", "POST",
      "/story/generate-premise"},
     kPremiseParameters},
    {{"generateStoryOutline",
      "Plans a story in 5 to 10 scenes from its premise. A novel is planned in chapters.", "POST",
      "/story/generate-outline"},
     kOutlineParameters},
    {{"startStoryWriting", "Writes the first scene of a story from its premise and outline.",
      "POST", "/story/generate-start"},
     kStartParameters},
    {{"continueStoryWriting",
      "Writes the next scene of a story. `is_complete` in the answer tells when there is none.",
      "POST", "/story/continue"},
     kContinueParameters},
    {{"refineStoryOutline", "Plans the scenes of a story again, with the changes that are named.",
      "POST", "/story/refine-outline"},
     kRefineParameters},
    {{"exportStory", "Gives the whole story as a file.", "GET", "/story/export/{project_id}"},
     kExportParameters,
     false},
});

constexpr auto kStoryTools = [] {
  std::array<StoryTool, kTools.size()> tools;
  for (std::size_t i = 0; i < tools.size(); ++i) tools[i] = kTools[i].tool;
  return tools;
}();

// Writes the properties of a tool's parameters.
class Properties {
 public:
  explicit Properties(json::Writer& writer) : writer_(writer) {}

  void write(const Parameter& parameter) {
    writer_.key(parameter.name).begin_object().key("type");
    if (parameter.name == kOutline.name) {
      writer_.begin_array().string("array").string("string").end_array();
    } else {
      writer_.string("string");
    }
    writer_.key("description").string(parameter.description);
    if (parameter.name == "project_id") writer_.key("format").string("uuid");
    if (parameter.name == kFormat.name) choices(kFormats);
    writer_.end_object();
  }

  void write_settings() {
    text("story_setting", "Where and when the story takes place.", kMaximumOwnCharacters);
    text("character_input", "The characters, in the person's own words.", kMaximumOwnCharacters);
    text("plot_elements", "What happens, in the person's own words.", kMaximumOwnCharacters);
    for (const auto& list : option_lists()) write_options(list);
    text("title", "The story's title, when it has one already.", kMaximumStoryTitleCharacters);
    begin("target_words", "integer").key("description");
    writer_.string("The story's length in words, instead of story_length.");
    writer_.key("minimum").integer(kMinimumTargetWords);
    writer_.key("maximum").integer(kMaximumTargetWords).end_object();
    begin("language", "string").key("description");
    writer_.string(
        "The story's language as a BCP 47 tag. Without it, that of the person's own words.");
    writer_.end_object();
  }

 private:
  json::Writer& begin(std::string_view name, std::string_view type) {
    return writer_.key(name).begin_object().key("type").string(type);
  }

  void text(std::string_view name, std::string_view description, std::size_t maximum_characters) {
    begin(name, "string").key("description").string(description);
    writer_.key("maxLength").integer(static_cast<std::int64_t>(maximum_characters)).end_object();
  }

  template <class Texts>
  void choices(const Texts& texts) {
    writer_.key("enum").begin_array();
    for (const auto text : texts) writer_.string(text);
    writer_.end_array();
  }

  void write_options(const OptionList& list) {
    std::vector<std::string_view> values;
    for (const auto& option : list.options) values.push_back(option.value);
    begin(list.field, "string").key("default").string(list.normal);
    if (list.takes_custom) {
      std::string description = "One of these, or another text:";
      for (const auto value : values) description.append(" ").append(value).append(";");
      description.back() = '.';
      writer_.key("description").string(description).key("maxLength");
      writer_.integer(kMaximumCustomCharacters);
    } else {
      choices(values);
    }
    writer_.end_object();
  }

  json::Writer& writer_;
};

}  // namespace

std::span<const StoryTool> story_tools() { return kStoryTools; }

std::string tools_json() {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("tools").begin_array();
  for (const auto& row : kTools) {
    writer.begin_object().key("name").string(row.tool.name);
    writer.key("description").string(row.tool.description).key("parameters").begin_object();
    writer.key("type").string("object").key("properties").begin_object();
    Properties properties(writer);
    for (const auto& parameter : row.parameters) properties.write(parameter);
    if (row.takes_settings) properties.write_settings();
    writer.end_object().key("required").begin_array();
    for (const auto& parameter : row.parameters) {
      if (parameter.is_required) writer.string(parameter.name);
    }
    writer.end_array().key("additionalProperties").boolean(false).end_object();
    writer.key("method").string(row.tool.method).key("path").string(row.tool.path).end_object();
  }
  writer.end_array().end_object();
  return body;
}

}  // namespace fabula::story
