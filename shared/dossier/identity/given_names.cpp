#include "shared/dossier/identity/given_names.hpp"

#include <algorithm>
#include <cstddef>

#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

// Each line is a name, its spellings and its short forms. Two names that one family may give to two
// children (Mary and Maria, Julia and Juliet) are two lines, even if one derives from the other: an
// unnecessary line only leaves two entries, a missing one merges two people.
constexpr auto kWomen = std::to_array<std::string_view>({
    "abigail abby nabby",
    "adelaide adela addie",
    "agatha aggie",
    "agnes aggie nessa",
    "alexandra sandra alix",
    "alice alicia ally allie elsie",
    "amelia emmy milly millie",
    "ann anne anna annie nan nancy nanny nannie anny",
    "arabella bella belle bell",
    "augusta gussie gusta",
    "barbara babs barbie bab",
    "beatrice beatrix bea trix trixie bee",
    "bridget biddy bridie",
    "caroline carolina carrie caro caddy lina",
    "catherine katherine katharine kathryn kate kitty katie cathy kathy kit cate katy kath cat",
    "cecilia cecily cicely cissy cis sis cissie",
    "charlotte lottie lotty",
    "christina christine christiana chris chrissie tina",
    "clara clarissa clary",
    "constance connie",
    "cordelia delia cordy",
    "deborah debby deb debbie",
    "diana di",
    "dorothea dorothy dolly dora doll dot dodo dottie thea",
    "edith edie",
    "eleanor elinor ellinor eleanora nell nelly nellie nora norah",
    "elizabeth elisabeth eliza liz lizzy lizzie lizy bess bessie bessy betsy betsey betty beth "
    "libby"
    " lisa lisbeth elsie elspeth lise",
    "ellen nell nelly nellie",
    "emily emmy em milly millie emmie",
    "emma em emmy",
    "esther hester hetty essie hettie",
    "euphemia effie phemie",
    "florence flo flossie florrie",
    "frances fanny fan franny fannie francie frankie",
    "georgiana georgina georgy georgie",
    "gertrude gertie trudy gerty",
    "gwendolen gwendoline gwen",
    "harriet harriett harriette hatty hattie",
    "helen helena nell nelly nellie lena",
    "henrietta etta hetty hattie",
    "isabel isabella isobel bella belle bell izzy isa",
    "jane jenny jeanie jennie janey jean janie",
    "janet jenny jessie",
    "jemima mima jem",
    "jennifer jen jenny jennie",
    "jessica jess jessie",
    "joan joanna johanna jo",
    "josephine jo josie",
    "judith judy judie",
    "julia julie",
    "laura laurie lolly",
    "lavinia vinnie",
    "letitia lettice letty lettie",
    "louisa louise lou lulu",
    "lucy lucie lu",
    "lydia liddy lyddy",
    "madeline madeleine maddy lena",
    "margaret maggie meg peggy madge margy daisy greta peg marge mag magsie megan rita",
    "margery marjorie marge margie",
    "maria mariah ria",
    "marian marianne marion",
    "martha patty mattie matty",
    "mary marie polly molly moll poll may mamie minnie",
    "matilda maud tilly tillie matty maude mattie",
    "mildred milly millie",
    "olive olivia livy ollie",
    "pamela pam",
    "patience patty",
    "patricia pat patty patsy tricia trish",
    "penelope penny pen",
    "philippa pippa",
    "priscilla cilla prissy",
    "prudence prue",
    "rebecca becky beck",
    "rosalind rosamond rosamund rose rosie rosa",
    "samantha sam",
    "sarah sara sally sal sallie sadie",
    "sophia sophie sophy",
    "stephanie steph",
    "susan susanna susannah sue susie suky sukey susy suzy",
    "theresa teresa tess tessa terry",
    "victoria vicky vicki",
    "virginia ginny",
    "wilhelmina mina minnie minna",
    "winifred winnie win freda",
});

constexpr auto kMen = std::to_array<std::string_view>({
    "abraham abe abram",
    "albert bert bertie al",
    "alexander alec alick sandy alex sawney",
    "alfred alf fred alfie",
    "algernon algy algie",
    "andrew andy drew",
    "anthony antony tony",
    "archibald archie archy",
    "arthur art artie",
    "augustus gus gussie",
    "barnabas barnaby barney",
    "bartholomew bart bat",
    "benjamin ben benny benjy",
    "bernard bernie barney",
    "charles charlie charley chas chuck",
    "christopher kit chris kester",
    "clarence clary",
    "daniel dan danny",
    "david davy dave davie",
    "edgar ed eddie ned",
    "edmund edmond ned ted eddy eddie",
    "edward ned ted teddy eddie neddy ed eddy",
    "edwin ned eddie ed",
    "eugene gene",
    "ferdinand ferdy",
    "francis frank frankie",
    "franklin frank",
    "frederick frederic fred freddy freddie fritz",
    "george georgie geordie georgy",
    "gerald gerry jerry",
    "gilbert gil bertie",
    "gregory greg",
    "harold harry hal",
    "henry harry hal hank",
    "herbert bert bertie herb",
    "hubert bert bertie",
    "hugh hughie",
    "isaac ike",
    "jacob jake",
    "james jim jem jimmy jamie jemmy jimmie jas",
    "jeffrey geoffrey jeff geoff",
    "jeremiah jeremy jerry",
    "john jack johnny jock johnnie jno",
    "jonathan jon",
    "joseph joe joey jos jo",
    "joshua josh",
    "kenneth ken kenny",
    "laurence lawrence larry laurie",
    "leonard len lenny leo",
    "leopold leo",
    "lewis louis lew lou",
    "martin mart marty",
    "matthew matt mat",
    "michael mick mike micky mickey mikey",
    "montague monty",
    "nathaniel nathan nat nate",
    "nicholas nicolas nick nicky",
    "oliver noll ollie",
    "oswald ozzie",
    "patrick pat paddy patsy",
    "peter pete",
    "philip phillip phil pip",
    "randolph dolph randy",
    "reginald reggie rex reg",
    "richard dick dickie rick dickon dicky richie ricky",
    "robert bob bobby rob robin bobbie bert robbie rab",
    "roderick roddy rod rory",
    "rudolph rudolf rolf dolph",
    "samuel sam sammy",
    "sebastian seb",
    "sidney sydney sid siddy syd",
    "simon sim",
    "solomon sol solly",
    "stephen steven steve stevie",
    "terence terry",
    "theodore theodor ted teddy theo",
    "thomas tom tommy tam thos",
    "timothy tim timmy",
    "tobias toby",
    "valentine val",
    "victor vic",
    "vincent vince vin",
    "walter wat walt wally",
    "wilfred wilfrid will wilf fred",
    "william will bill billy willie wm willy",
});
static_assert(kWomen.size() + kMen.size() < 256);

// Names without short forms, which only show a person's gender.
constexpr std::string_view kOtherWomen =
    "ada adeline alma amanda amy angela antonia audrey aurelia aurora blanche camilla carmen celia "
    "charity clare claire clementina cora daphne edna eileen elaine elena elvira emmeline estella "
    "ethel eugenia eunice eva eve fiona flora geraldine gloria grace hannah hazel hilda honor hope "
    "ida imogen inez irene iris ivy jacqueline joyce juliet kathleen leonora lilian lillian lily "
    "lola lorna lucinda lucretia mabel marcella marcia margot marguerite martina maureen mavis "
    "melissa mercy mildred miriam moira monica muriel myra myrtle naomi nina octavia ophelia paula "
    "pauline pearl phoebe phyllis rachel regina rhoda rosemary ruby ruth sabina selina sheila "
    "sibyl sylvia sybil ursula vera verena viola violet vivien yvonne zoe";
constexpr std::string_view kOtherMen =
    "aaron adam adrian alan alban allan ambrose angus arnold aubrey augustine austin basil "
    "benedict boris brian bruce caleb cecil cedric clement clive conrad cuthbert cyril denis "
    "dennis "
    "derek dominic donald douglas dudley duncan ebenezer edgar elias elijah eric ernest everard "
    "felix fergus gabriel gareth geoffrey giles godfrey graham gustav guy hector hercules hiram "
    "horace horatio howard humphrey igor ivan jasper jerome jesse joel julian julius keith leslie "
    "levi lionel lucas lucius luke malcolm marcus mark maurice maximilian miles mortimer moses "
    "neil neville nigel noel norman oscar owen paul percival percy ralph raphael raymond robin "
    "roger roland ronald rowland roy rufus rupert septimus seth silas stanley stewart stuart "
    "sylvester theobald tristram uriah vernon wilbur";

// All lines: women's names, men's, and the two without short forms.
constexpr std::size_t kOtherWomenLine = kWomen.size() + kMen.size();
constexpr std::size_t kOtherMenLine = kOtherWomenLine + 1;
constexpr auto kLines = [] {
  std::array<std::string_view, kOtherMenLine + 1> lines;
  std::copy(kMen.begin(), kMen.end(), std::copy(kWomen.begin(), kWomen.end(), lines.begin()));
  lines[kOtherWomenLine] = kOtherWomen;
  lines[kOtherMenLine] = kOtherMen;
  return lines;
}();
constexpr auto kIndex = text::make_word_index<kLines>();

}  // namespace

GivenName find_given_name(std::string_view folded_word) {
  GivenName found;
  std::size_t count = 0;
  bool is_woman = false;
  bool is_man = false;
  kIndex.for_each_line_with(folded_word, [&](std::size_t line) {
    const bool is_of_women = line < kWomen.size() || line == kOtherWomenLine;
    (is_of_women ? is_woman : is_man) = true;
    if (line < kOtherWomenLine && count < found.names.size()) {
      found.names[count++] = static_cast<std::uint8_t>(line + 1);
    }
  });
  found.is_known = is_woman || is_man;
  if (is_woman != is_man) found.gender = is_woman ? Gender::female : Gender::male;
  return found;
}

bool can_be_same_name(const GivenName& left, const GivenName& right) {
  return std::any_of(left.names.begin(), left.names.end(), [&](std::uint8_t name) {
    return name != 0 &&
           std::find(right.names.begin(), right.names.end(), name) != right.names.end();
  });
}

}  // namespace fabula::dossier
