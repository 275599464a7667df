// The small words that identify a language, and words with which ideas for stories begin. In lower
// case; an apostrophe ends a word, and belongs to it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace fabula::text {

// The languages in the order of kLanguageWords.
inline constexpr auto kWordLanguages = std::to_array<std::string_view>(
    {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "da", "nb",
     "fi", "cs", "ro", "hu", "id", "vi", "ru", "uk", "bg", "sr", "be"});

inline constexpr auto kLanguageWords = std::to_array<std::string_view>({
    // en
    "the a an and or but of to in on at for with from by about into over under after before is are "
    "was were be been has have had do does did will would can could should may might must not no "
    "don' it' i' that' there' let' i you he she we they it me him her us them my your his their "
    "our "
    "its this that these those who whom whose which what when where why how if then than so as all "
    "any some every each both more most very just only now here there please hello hi thanks tell "
    "ask know want like write story man woman boy girl young old small city town village war king "
    "queen world love finds lives becomes detective robot dragon one two last first lost "
    "during between against without through while because until again never always they' you' "
    "repair out up down",
    // de
    "der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine ist "
    "sind war waren wird werden wurde hat haben hatte ich du er sie es wir ihr mich dich mir dir "
    "ihm ihn uns euch mein meine dein deine sein seine ihre unser wie was wer wo wann warum wenn "
    "dass weil auf aus bei bin bis durch für gegen im in mit nach ohne seit über um unter von vom "
    "vor zu zum zur zwischen an am als auch noch nur schon sehr so doch mal hallo bitte danke "
    "heute "
    "hast kann muss soll will guten geschichte stadt dorf mann frau junge mädchen junger alte "
    "alter "
    "alten kleine kleiner krieg könig liebe welt drache findet lebt jahr jahre wald",
    // fr
    "le la les un une des du de au aux et ou mais ne pas plus est sont était a ont avait être "
    "avoir "
    "je tu il elle nous vous ils elles on me te se lui leur mon ma mes ton ta tes son sa ses notre "
    "votre ce cet cette ces qui que quoi dont où quand comment pourquoi si dans sur sous avec sans "
    "pour par chez entre vers en y l' d' j' qu' c' n' s' m' t' bonjour merci suis moi toi très "
    "bien "
    "aussi comme tout tous fait veut doit histoire ville homme femme garçon fille jeune vieux "
    "vieille petit petite guerre roi amour monde dragon forêt trouve vit depuis pendant après "
    "avant",
    // es
    "el la los las un una cuento unos unas de del al y e o u pero no ni es son era fue ser está "
    "están "
    "estaba hay ha han había yo tú él ella nosotros ellos ellas usted me te se lo le les mi mis tu "
    "tus su sus nuestro este esta esto ese esa que qué quien quién donde dónde cuando cómo como "
    "por "
    "porque para con sin sobre entre desde hasta en a más muy ya también hola gracias estoy estás "
    "soy bien quiero puede debe historia ciudad pueblo hombre mujer niño niña joven viejo vieja "
    "pequeño pequeña guerra rey amor mundo dragón bosque encuentra vive después antes años",
    // it
    "il lo la i gli le un uno una di del della dei delle dello degli al alla ai alle dal dalla nel "
    "nella nei sul sulla e ed o ma non è sono era erano ha hanno aveva essere io tu lui lei noi "
    "voi "
    "loro mi ti si ci vi mio mia tuo tua suo sua nostro questo questa quello quella che chi cosa "
    "dove quando come perché se con senza per tra fra da in su a più molto già anche l' un' dell' "
    "all' nell' dall' c' ciao grazie sto stai bene vuole deve storia città paese uomo donna "
    "ragazzo "
    "ragazza giovane vecchio vecchia piccolo piccola guerra re amore mondo drago foresta trova "
    "vive "
    "dopo prima anni",
    // pt
    "o a os as um uma uns umas de do da dos das ao à no na nos nas pelo pela e ou mas não é são "
    "era "
    "foi ser está estão tem têm havia eu tu ele ela nós vocês você eles elas me te se lhe meu "
    "minha "
    "teu seu sua nosso este esta isto esse essa isso aquele que quem onde quando como porque por "
    "para com sem sobre entre desde até em mais muito já também olá obrigado obrigada estou estás "
    "bem quero pode deve história cidade aldeia homem mulher menino menina jovem velho velha "
    "pequeno pequena guerra rei amor mundo dragão floresta encontra vive depois antes anos",
    // nl
    "de het een en of maar niet geen is zijn was waren wordt werd heeft hebben had ik jij je hij "
    "zij "
    "ze wij we jullie hen hem haar mij me mijn jouw hun ons onze dit dat deze die wie wat "
    "waar "
    "wanneer hoe waarom als omdat op in aan bij van voor met zonder door naar over onder tussen "
    "uit "
    "tot om te ook nog wel al zeer hallo dank bedankt ben wil kan moet verhaal stad dorp man "
    "vrouw jongen meisje jonge oude kleine oorlog koning liefde wereld draak bos vindt leeft jaar "
    "na "
    "er",
    // pl
    "i a oraz lub albo ale nie jest są był była było być ma mają miał ja ty on ona ono my wy oni "
    "mnie "
    "mi cię ci go jej ich mu nas was mój moja moje twój twoja swój swoją jego nasz ten ta to tego "
    "tej tym który która które kto co gdzie kiedy jak dlaczego czy jeśli że bo w we z ze na do od "
    "o "
    "po pod nad przed przez dla bez za u się już też tylko bardzo cześć dzień dobry dziękuję "
    "proszę "
    "mam chcę może musi historia miasto wieś mężczyzna kobieta chłopiec dziewczyna młody młoda "
    "stary "
    "stara mały mała wojna król miłość świat smok las znajduje żyje lat",
    // tr
    "ve veya ama fakat değil yok var bir bu şu o ben sen biz siz onlar beni seni onu bize benim "
    "senin onun bizim ne kim nerede nasıl neden niçin için ile gibi kadar daha en çok az de da ki "
    "mi "
    "mı mu mü merhaba lütfen teşekkürler bugün hikaye şehir şehirde köy adam kadın erkek kız genç "
    "yaşlı küçük büyük savaş kral aşk dünya ejderha orman bulur yaşar yaşayan sonra önce yıl olan "
    "olarak sadece her hiç",
    // sv
    "och eller men inte ingen är var blir blev har hade att ett en den det de jag du han hon vi ni "
    "mig dig honom henne oss dem min mitt mina din ditt sin sitt hans hennes deras vår som vad vem "
    "när hur varför om på i av från till för med utan genom över under mellan efter innan också "
    "bara mycket hej tack idag vill kan måste berättelse stad by man kvinna pojke flicka ung "
    "gammal "
    "liten krig kung kärlek värld drake skog hittar lever år",
    // da
    "og eller men ikke ingen er var bliver blev har havde at et en den det de jeg du han hun vi i "
    "mig dig ham hende os dem min mit mine din dit sin sit hans hendes deres vores som hvad hvem "
    "hvor "
    "hvornår hvordan hvorfor om på af fra til for med uden gennem over under mellem efter også kun "
    "meget hej tak vil kan skal fortælling historie by mand kvinde dreng pige ung gammel lille "
    "krig "
    "konge kærlighed verden drage skov finder lever år",
    // nb
    "og eller men ikke ingen er var blir ble har hadde å at et en ei den det de jeg du han hun vi "
    "dere meg deg ham henne oss dem min mitt mine din ditt sin sitt hans hennes deres vår som hva "
    "hvem hvor når hvordan hvorfor om på i av fra til for med uten gjennom over under mellom etter "
    "også bare mye hei takk vil kan må skal fortelling historie by mann kvinne gutt jente ung "
    "gammel "
    "liten krig konge kjærlighet verden drage skog finner lever år",
    // fi
    "ja tai mutta ei en et emme on ovat oli olivat olla minä sinä hän me te he minun sinun hänen "
    "mitä kuka missä milloin miten miksi jos että kun kuin joka jotka tämä se ne nuo myös vain "
    "hyvin "
    "hei kiitos tarina kaupunki kylä mies nainen poika tyttö nuori vanha pieni sota kuningas "
    "rakkaus "
    "maailma lohikäärme metsä löytää elää vuotta ennen jälkeen",
    // cs
    "a i bych by mohl mohla nebo ale ne není je jsou byl byla bylo být má mají měl já ty on ona "
    "ono my vy oni mě mi "
    "tě "
    "ti ho jí ji jeho její jejich můj moje tvůj svůj náš ten ta to který která které kdo co kde "
    "kdy "
    "jak proč jestli že protože v ve z ze na do od o po pod nad před pro bez za u se si už také "
    "jen "
    "velmi ahoj prosím děkuji chci může musí příběh město vesnice muž žena chlapec dívka mladý "
    "mladá "
    "starý stará malý válka král láska svět drak les najde žije let",
    // ro
    "și sau dar nu este sunt era au avea fi eu tu el ea noi voi ei ele mă te îl îi ne vă lor meu "
    "mea "
    "tău său sa lui acest această acel care ce cine unde când cum dacă că pentru cu fără pe la în "
    "din "
    "de spre prin între după înainte un o unui unei ale al mai foarte bună mulțumesc poveste oraș "
    "sat "
    "bărbat femeie băiat fată tânăr bătrân mic război rege dragoste lume pădure găsește trăiește",
    // hu
    "a az és vagy de nem van vannak volt lesz egy én te ő mi ti ők ez azt ezt ami aki hol mikor "
    "hogyan "
    "miért ha hogy mert is csak nagyon már még el meg ki be le szia kérem köszönöm történet város "
    "falu "
    "férfi nő fiú lány fiatal öreg kis háború király szerelem világ sárkány erdő talál él után "
    "előtt",
    // id
    "dan atau tetapi tidak bukan adalah ada akan telah sudah saya aku kamu anda dia kami kita "
    "mereka "
    "ini itu yang apa siapa mana kapan bagaimana mengapa jika karena untuk dengan tanpa dari di ke "
    "pada dalam oleh seorang sebuah juga hanya sangat halo terima kasih cerita kota desa pria "
    "wanita "
    "anak gadis muda tua kecil perang raja cinta dunia naga hutan menemukan hidup tahun",
    // vi
    "và hoặc nhưng không là có đã sẽ đang được tôi bạn anh chị ông bà cô nó chúng ta họ này đó kia "
    "những các một của cho với từ trong ngoài trên dưới ở đến gì ai đâu nào khi sao nếu vì rất "
    "cũng "
    "chỉ xin chào cảm ơn truyện câu chuyện thành phố làng người đàn phụ nữ cậu bé gái trẻ già nhỏ "
    "chiến tranh vua tình yêu thế giới rồng rừng",
    // ru
    "и или но не нет это был была было были быть есть я ты он она оно мы вы они меня тебя его её "
    "ее "
    "нас вас их мне тебе ему ей мой моя твой свой наш который которая кто что где когда как почему "
    "если чтобы потому в во с со на до от о об по под над перед для без за у из к ко же ли бы уже "
    "тоже только очень привет пожалуйста спасибо хочу может должен история город городе деревня "
    "мужчина женщина мальчик девочка девушка молодой старый маленький война король любовь мир "
    "дракон "
    "лес находит живёт живет лет дела",
    // uk
    "і й та або але не ні це був була було були бути є я ти він вона воно ми ви вони мене тебе "
    "його "
    "її нас вас їх мені тобі йому їй мій моя твій свій наш який яка яке хто що де коли як чому "
    "якщо "
    "щоб тому в у з із зі на до від о про по під над перед для без за же чи би вже теж тільки лише "
    "дуже привіт будь ласка дякую хочу може повинен історія місто місті село чоловік жінка хлопець "
    "хлопчик дівчина дівчинка молодий старий маленький війна король кохання світ дракон ліс "
    "знаходить живе років справи",
    // bg
    "и или но не това е са беше бяха съм аз ти той тя то ние вие те мен теб него нея нас мой моя "
    "твой "
    "свой който която кой какво къде кога как защо ако че защото в във с със на до от за по под "
    "над "
    "пред без при ще да се си вече също само много здравей моля благодаря история град село мъж "
    "жена "
    "момче момиче млад стар малък война крал любов свят гора намира живее години един една",
    // sr
    "и или да бих могао али не није је су био била бити ја ти он она оно ми ви они мене тебе њега "
    "њу нас мој "
    "моја "
    "твој свој који која ко шта где када како зашто ако да јер у с са на до од о по под над пред "
    "за "
    "без из к ће се већ такође само врло здраво молим хвала прича град село човек жена дечак "
    "девојка "
    "млад стар мали рат краљ љубав свет шума налази живи година један једна",
    // be
    "і й ды або але не няма гэта быў была было былі быць ёсць я ты ён яна яно мы вы яны мяне цябе "
    "яго "
    "яе нас вас іх мне табе мой мая твой свой наш які якая хто што дзе калі як чаму каб бо ў у з "
    "са "
    "на да ад аб па пад над для без за ужо таксама толькі вельмі прывітанне дзякуй хачу можа "
    "павінен "
    "горад вёска мужчына жанчына хлопчык дзяўчына малады стары маленькі вайна кароль каханне свет "
    "лес",
});
static_assert(kWordLanguages.size() == kLanguageWords.size());

// Letters that few languages have.
struct TellingLetters {
  std::string_view language;
  std::u32string_view letters;
};

inline constexpr auto kTellingLetters = std::to_array<TellingLetters>({
    {"de", U"äöüß"},         {"fr", U"çèêëîïôùûœàâ"}, {"es", U"ñ¿¡áíóú"},
    {"it", U"ìòùàè"},        {"pt", U"ãõçáâêôóú"},    {"nl", U"ĳ"},
    {"pl", U"ąćęłńśźż"},     {"tr", U"ğışçöü"},       {"sv", U"åäö"},
    {"da", U"åæø"},          {"nb", U"åæø"},          {"fi", U"äö"},
    {"cs", U"čďěňřšťůýžáí"}, {"ro", U"ășțşţâî"},      {"hu", U"őűáóúöü"},
    {"vi", U"đơư"},          {"ru", U"ыэёъ"},         {"uk", U"іїєґ"},
    {"bg", U"ъщ"},           {"sr", U"јљњћђџ"},       {"be", U"ўіэы"},
});

}  // namespace fabula::text
