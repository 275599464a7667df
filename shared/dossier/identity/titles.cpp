#include "shared/dossier/identity/titles.hpp"

#include <array>
#include <cstddef>

#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

struct TitleLine {
  std::string_view words;  // spellings; the first is the normal form
  Title title;
  Gender gender = Gender::unknown;
};

constexpr auto kTitles = std::to_array<TitleLine>({
    {"mr mister мистер", Title::mister, Gender::male},
    {"mrs missus missis mistress миссис", Title::missus, Gender::female},
    {"miss mis misses мисс", Title::miss, Gender::female},
    {"ms", Title::miss, Gender::female},
    {"mx", Title::office},
    {"master mas'r marse", Title::master, Gender::male},
    {"madame madam mme ma'am mem мадам барыня", Title::madam, Gender::female},
    {"signora", Title::madam, Gender::female},
    {"senora dona", Title::madam, Gender::female},
    {"frau", Title::madam, Gender::female},
    {"mademoiselle mlle мадемуазель", Title::miss, Gender::female},
    {"signorina", Title::miss, Gender::female},
    {"senorita", Title::miss, Gender::female},
    {"fraulein", Title::miss, Gender::female},
    {"monsieur mons месье мсье", Title::mister, Gender::male},
    {"signor signore", Title::mister, Gender::male},
    {"senor", Title::mister, Gender::male},
    {"herr", Title::mister, Gender::male},
    {"don", Title::sir, Gender::male},
    {"sir сэр", Title::sir, Gender::male},
    {"dame", Title::dame, Gender::female},
    {"lady леди", Title::lady, Gender::female},
    {"lord лорд", Title::lord, Gender::male},
    {"baron freiherr", Title::noble, Gender::male},
    {"baroness baronne baronesa freifrau", Title::noble, Gender::female},
    {"baronet", Title::noble, Gender::male},
    {"viscount vicomte vizconde виконт", Title::noble, Gender::male},
    {"viscountess vicomtesse vizcondesa виконтесса", Title::noble, Gender::female},
    {"count comte conte conde", Title::noble, Gender::male},
    {"countess comtesse contessa condesa", Title::noble, Gender::female},
    {"earl", Title::noble, Gender::male},
    {"marquis marquess marques маркиз", Title::noble, Gender::male},
    {"marchioness marquise marquesa маркиза", Title::noble, Gender::female},
    {"duke duc duque herzog герцог", Title::noble, Gender::male},
    {"duchess duchesse duquesa herzogin герцогиня", Title::noble, Gender::female},
    {"prince prinz principe принц царевич", Title::noble, Gender::male},
    {"princess princesse princesa prinzessin принцесса царевна", Title::noble, Gender::female},
    {"king roi", Title::noble, Gender::male},
    {"queen reine", Title::noble, Gender::female},
    {"emperor empereur emperador kaiser император", Title::noble, Gender::male},
    {"empress imperatrice emperatriz kaiserin императрица", Title::noble, Gender::female},
    {"captain capt cap'n kapitan capitaine capitan капитан", Title::military},
    {"colonel col coronel", Title::military},
    {"major maj майор", Title::military},
    {"general gen", Title::military},
    {"admiral adm amiral almirante адмирал", Title::military},
    {"commodore", Title::military},
    {"commander commandant comandante", Title::military},
    {"lieutenant lieut lt teniente", Title::military},
    {"sergeant sergt sgt serjeant sergent sargento feldwebel", Title::military},
    {"corporal", Title::military},
    {"ensign", Title::military},
    {"private", Title::military},
    {"dr doctor doktor docteur доктор", Title::learned},
    {"dra doctora doktorin", Title::learned, Gender::female},
    {"professorin profesora", Title::learned, Gender::female},
    {"professor prof professeur profesor", Title::learned},
    {"reverend rev revd", Title::clergy},
    {"parson vicar rector curate", Title::clergy},
    {"bishop archbishop", Title::clergy},
    {"dean", Title::clergy},
    {"canon", Title::clergy},
    {"deacon archdeacon", Title::clergy},
    {"abbe abbot", Title::clergy, Gender::male},
    {"abbess", Title::clergy, Gender::female},
    {"monsignor", Title::clergy, Gender::male},
    {"cardinal", Title::clergy, Gender::male},
    {"pope", Title::clergy, Gender::male},
    {"pastor pfarrer", Title::clergy},
    {"rabbi", Title::clergy},
    {"friar fray pater", Title::clergy, Gender::male},
    {"sor", Title::clergy, Gender::female},
    {"judge justice", Title::office},
    {"inspector inspecteur inspektor инспектор", Title::office},
    {"superintendent commissaire kommissar comisario комиссар", Title::office},
    {"kommissarin", Title::office, Gender::female},
    {"detective детектив следователь", Title::office},
    {"constable", Title::office},
    {"officer", Title::office},
    {"agent", Title::office},
    {"sheriff", Title::office},
    {"marshal", Title::office},
    {"mayor", Title::office},
    {"governor", Title::office},
    {"senator", Title::office},
    {"president", Title::office},
    {"chancellor", Title::office},
    {"ambassador", Title::office},
    {"consul", Title::office},
    {"chief", Title::office},
    {"squire esquire", Title::office, Gender::male},
    {"farmer", Title::office},
    {"nurse", Title::office},
    {"widow", Title::office, Gender::female},
    {"citizen comrade citoyen citoyenne", Title::office},
    {"hon honourable honorable", Title::office},
    {"nobleman", Title::office, Gender::male},
    {"coach", Title::office},
    {"maitre meister maestro maestra", Title::office},
    {"господин г-н", Title::mister, Gender::male},
    {"госпожа г-жа", Title::madam, Gender::female},
    {"барышня", Title::miss, Gender::female},
    {"sr", Title::mister, Gender::male},
    {"sra", Title::madam, Gender::female},
    {"srta", Title::miss, Gender::female},
    {"князь", Title::noble, Gender::male},
    {"княгиня", Title::noble, Gender::female},
    {"княжна", Title::noble, Gender::female},
    {"граф graf", Title::noble, Gender::male},
    {"графиня grafin", Title::noble, Gender::female},
    {"барон", Title::noble, Gender::male},
    {"баронесса baronin", Title::noble, Gender::female},
    {"король konig", Title::noble, Gender::male},
    {"королева konigin", Title::noble, Gender::female},
    {"царь", Title::noble, Gender::male},
    {"царица", Title::noble, Gender::female},
    {"furst", Title::noble, Gender::male},
    {"furstin", Title::noble, Gender::female},
    {"полковник oberst", Title::military},
    {"генерал", Title::military},
    {"лейтенант leutnant", Title::military},
    {"сержант", Title::military},
    {"поручик", Title::military},
    {"hauptmann", Title::military},
    {"профессор", Title::learned},
    {"товарищ", Title::office},
    {"дядя дядюшка", Title::kin, Gender::male},
    {"тетя тетка тетушка", Title::kin, Gender::female},
    {"дед дедушка", Title::kin, Gender::male},
    {"бабушка", Title::kin, Gender::female},
    {"отец батюшка", Title::kin, Gender::male},
    {"мать матушка", Title::kin, Gender::female},
    {"брат", Title::kin, Gender::male},
    {"сестра", Title::kin, Gender::female},
    {"onkel oncle tio", Title::kin, Gender::male},
    {"tante tia", Title::kin, Gender::female},
    {"vater pere padre", Title::kin, Gender::male},
    {"mutter mere madre", Title::kin, Gender::female},
    {"uncle", Title::kin, Gender::male},
    {"aunt auntie aunty", Title::kin, Gender::female},
    {"cousin coz", Title::kin},
    {"father", Title::kin, Gender::male},
    {"papa", Title::kin, Gender::male},
    {"dad daddy dada", Title::kin, Gender::male},
    {"pa", Title::kin, Gender::male},
    {"mother", Title::kin, Gender::female},
    {"mamma mama", Title::kin, Gender::female},
    {"mum mummy mom mommy", Title::kin, Gender::female},
    {"ma", Title::kin, Gender::female},
    {"mammy", Title::kin, Gender::female},
    {"brother bruder frere hermano", Title::kin, Gender::male},
    {"sister schwester soeur sœur hermana", Title::kin, Gender::female},
    {"grandfather grandpa grandpapa granddad opa abuelo", Title::kin, Gender::male},
    {"grandmother grandma grandmamma granny gran oma abuela", Title::kin, Gender::female},
    {"nephew", Title::kin, Gender::male},
    {"niece", Title::kin, Gender::female},
    {"son", Title::kin, Gender::male},
    {"daughter", Title::kin, Gender::female},
    {"husband", Title::kin, Gender::male},
    {"wife", Title::kin, Gender::female},
});

constexpr std::array<std::string_view, 1> kEpithets = {
    "the a an this that my our your his her their its thy old ole young little poor dear dearest "
    "good great honest sweet darling late elder eldest younger youngest big small wee fair brave "
    "noble lovely pretty beloved precious unhappy unfortunate happy wicked kind gentle wretched "
    "silly naughty charming beautiful handsome blessed sainted gallant worthy excellent amiable "
    "ye oh o future former other only same"};

constexpr std::array<std::string_view, 1> kRelatives = {
    "дочь сын жена муж внук внучка племянник племянница"};

constexpr std::array<std::string_view, 1> kParticles = {
    "de du des del della di da dos von van der den zu la le les el al bin ibn ben ter ten де дю "
    "фон st "
    "saint san santa ste"};

constexpr auto kTitleLines = [] {
  std::array<std::string_view, kTitles.size()> lines;
  for (std::size_t i = 0; i < lines.size(); ++i) lines[i] = kTitles[i].words;
  return lines;
}();

constexpr auto kTitleIndex = text::make_word_index<kTitleLines>();
constexpr auto kEpithetIndex = text::make_word_index<kEpithets>();
constexpr auto kRelativeIndex = text::make_word_index<kRelatives>();
constexpr auto kParticleIndex = text::make_word_index<kParticles>();

}  // namespace

TitleFacts find_title(std::string_view folded_word) {
  TitleFacts found;
  if (folded_word.size() < 2) return found;
  kTitleIndex.for_each_line_with(folded_word, [&](std::size_t number) {
    if (found.title != Title::none) return;
    const auto& line = kTitles[number];
    found = {line.words.substr(0, line.words.find(' ')), line.title, line.gender};
  });
  return found;
}

bool is_epithet(std::string_view folded_word) { return kEpithetIndex.has(folded_word); }

bool is_relative(std::string_view folded_word) { return kRelativeIndex.has(folded_word); }

bool is_particle(std::string_view folded_word) { return kParticleIndex.has(folded_word); }

}  // namespace fabula::dossier
