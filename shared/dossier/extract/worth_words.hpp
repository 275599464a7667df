// The words of worth.cpp, in lower case, each between spaces.
#pragma once

#include <string_view>

namespace fabula::dossier {

// Words that say yes or no.
inline constexpr std::string_view kAnswers =
    " yes yeah yep yup yea sure absolutely definitely exactly correct right indeed agreed no nope"
    " nah never ja jawohl jap genau stimmt richtig doch nein nö oui ouais exact exactement non si "
    "sí"
    " claro exacto exactamente sì esatto certo sim isso não nao nee inderdaad precies klopt da ne "
    "da!"
    " да ага конечно точно верно нет неа так ні звісно tak jasne dokładnie nie nei nej jo visst"
    " evet hayır elbette tabii ναι όχι σωστά כן לא בטח نعم ايوه أيوه أجل لا كلا हाँ हां जी नहीं"
    " 네 예 응 그래 맞아 맞아요 아니 아니요 아니오 có đúng không ya iya benar tidak ano jasně ";

// Words that say nothing about a story: thanks, praise, encouragement, and function words.
inline constexpr std::string_view kFillers =
    // English
    " thanks thank thx ty tysm thankyou cheers ok okay okey okie kk alright great nice cool good"
    " fine"
    " wow awesome amazing wonderful lovely beautiful brilliant excellent perfect fantastic fabulous"
    " superb neat sweet gorgeous incredible impressive interesting fun funny best better well done"
    " job"
    " work love loved loving like liked likes enjoy enjoyed appreciate hi hello hey hiya bye"
    " goodbye"
    " cya later morning evening night lol lmao rofl omg haha hehe hmm hm mhm um uh ah oh aha huh"
    " phew"
    " yay hooray go on going continue proceed more next further ahead keep carry again another"
    " please"
    " pls plz tell write say show give let try got it gotcha understood see makes make sense sounds"
    " sound looks look seems feel that this these those the an and but or so as at of to in for"
    " with"
    " from too very much really just quite pretty totally truly also still now then here there all"
    " every everything something anything nothing some any lot lots bit way how what why who when"
    " where which me my mine you your yours we us our he him his she her hers they them their"
    " is are was were be been being am do does did doing have has had can could would should shall"
    " will may might must don didn doesn isn aren wasn won wouldn couldn ll ve re not only one"
    " thing"
    " things stuff whatever maybe perhaps im ive dont thats whats lets gonna wanna want wanted"
    " need"
    " think know idea ideas suggest suggestion suggestions suggested story part far till until up"
    " out"
    " welcome sorry oops wait moment minute ready start begin help hope hoping fabula"
    // German
    " danke dank vielen schön schönen super toll klasse prima wunderbar perfekt großartig spitze"
    " gut"
    " gute guter gutes einverstanden weiter mach bitte mehr noch nochmal erzähl schreib los"
    " geht hallo tschüss servus moin ich du er sie es wir ihr das die der den dem des ein eine"
    " einen"
    " und oder aber ist sind war mir mich dir dich sehr auch nur mal dann jetzt hier wie"
    " warum wer wo gefällt gefallen liebe mag finde klingt lass uns genug fertig verstanden"
    " alles klar kein keine nicht zu auf mit von für"
    // French
    " merci beaucoup bien bon bonne génial parfait magnifique accord"
    " daccord"
    " continuez continuer encore plus suite suivant vas allez va allons te plaît"
    " plait"
    " stp svp vous tu je il elle nous le la les un une de et ou mais est sont"
    " qu"
    " ce cet cette ça ca trop très tres tout moi toi aime adore bonjour salut"
    " coucou revoir compris vu suis pas que qui quoi comment pourquoi raconte écris alors"
    // Spanish
    " gracias muchas mucho vale bueno buena genial perfecto excelente estupendo fantástico"
    " increíble"
    " maravilloso sigue siga seguir continúa continua continuar adelante más mas otra vez por favor"
    " porfa hola adiós adios se lo el las una unos pero son está esta este"
    " esto"
    " eso ese muy todo encanta gusta gustó qué cómo como cuál entendido entiendo"
    " acuerdo"
    " listo cuéntame escribe dale venga jaja jajaja yo tú"
    // Italian
    " grazie mille molto bene bravo brava ottimo perfetto fantastico bellissimo bello bella"
    " magnifico"
    " vai avanti ancora di più piu per favore prego ciao mi ti ci"
    " gli"
    " uno ed ma è sono questo questa quello che cosa come piace adoro capito tutto dai poi"
    // Portuguese
    " obrigado obrigada valeu muito bom boa ótimo otimo perfeito lindo legal maravilhoso"
    " segue olá ola oi tchau os uma"
    " é"
    " são isto esse essa tudo bem gostei adorei amei entendi beleza"
    // Dutch, Scandinavian
    " bedankt dankjewel wel goed mooi leuk prachtig geweldig top ga verder door"
    " meer graag alsjeblieft hoi dag het een en maar dat dit heel erg zo ik tack mycket"
    " takk mange bra"
    " fint fortsätt fortsett fortsæt mer mera snälla vær så god kiitos hyvä jatka"
    // Slavic
    " спасибо большое благодарю пожалуйста хорошо отлично супер класс круто здорово прекрасно ок"
    " окей"
    " ладно понятно понял поняла ясно дальше далее продолжай продолжайте продолжить продолжи ещё"
    " еще"
    " давай давайте привет пока я ты мне мы вы это этот и а но что как очень всё все мило нравится"
    " понравилось дякую добре чудово далі продовжуй щe будь ласка dziękuję dzięki dobrze świetnie"
    " fajnie kontynuuj dalej jeszcze proszę cześć jest bardzo díky děkuji dobře pokračuj"
    " dál hvala dobro nastavi"
    // Turkish, Greek, Hebrew, Arabic, Hindi, Korean, Vietnamese, Indonesian
    " teşekkürler teşekkür ederim sağol sağ ol tamam harika güzel çok süper mükemmel devam edin"
    " lütfen daha merhaba bu ευχαριστώ ευχαριστω πολύ πολυ ωραία ωραίο καλά τέλεια εντάξει"
    " συνέχισε συνέχεια παρακαλώ γεια תודה רבה אוקיי אוקי בסדר יופי מעולה נהדר מושלם תמשיך תמשיכי"
    " המשך עוד בבקשה שלום זה شكرا شكراً جزيلا جزيلاً لك حسنا حسناً تمام ممتاز رائع جميل جيد أكمل"
    " اكمل استمر تابع المزيد من فضلك مرحبا هذا धन्यवाद शुक्रिया ठीक है अच्छा बहुत बढ़िया आगे बढ़ो"
    " जारी रखो रखें और नमस्ते 감사합니다 감사해요 고마워 고마워요 고맙습니다 좋아 좋아요 좋네요 정말"
    " 너무"
    " 최고 최고예요 계속 계속해 계속해줘 계속해주세요 더 주세요 부탁해 안녕 안녕하세요 cảm"
    " ơn bạn"
    " tốt lắm hay quá tiếp tục đi nhé terima kasih bagus lanjut lanjutkan baik oke sip ";

// Words that make a question one about the program.
inline constexpr std::string_view kProgramWords =
    " export exports exported exporting import save saved saving download upload print pdf epub"
    " docx"
    " markdown file files copy share delete deleted remove undo redo edit rename app application"
    " program website site page tool tools button menu settings setting option options feature"
    " features"
    " account password login log sign email subscription subscribe plan plans price prices pricing"
    " cost costs pay paid free limit limits version versions model models ai bot robot assistant"
    " chatbot"
    " gpt chat chats session sessions conversation message messages history dossier project"
    " projects use"
    " used using able possible support supported works working happen happens mean remember memory"
    " languages language speak german english french spanish safe private privacy data stored"
    " exportieren speichern gespeichert herunterladen löschen datei programm funktioniert kannst"
    " kann"
    " können konto passwort kostet kosten preis sprachen benutze verwende exporter enregistrer"
    " télécharger supprimer fichier fonctionne peux puis peut compte mot passe coûte combien"
    " guardar"
    " exportar descargar borrar archivo funciona puedo puedes cuenta contraseña cuesta cuánto"
    " precio"
    " salvare esportare scaricare funziona posso puoi quanto costa baixar salvar pode ";

// For scripts without spaces between words: the counterparts of kFillers, and then of kAnswers.
inline constexpr std::string_view kRunFillers =
    " 谢谢你 谢谢您 谢谢 謝謝你 謝謝 多谢 感谢 非常 好的 好吧 好 很好 太好了 太棒了 真棒 棒 不错 "
    "赞 可以 行 嗯"
    " 哦 哈 继续写 继续 繼續 接着 请 請 再来 再 下一个 下一步 下 然后呢 然后 呢 吧 啊 了 的 很 太 "
    "真 你好 您好"
    " 再见 明白了 明白 知道了 知道 喜欢 这个 我 你 ありがとうございました ありがとうございます "
    "ありがとう"
    " 有難う どうも 了解しました 了解です 了解 わかりました 分かりました わかった いいね "
    "いいですね いい"
    " すごい 素晴らしい 素敵 最高 です ですね ね よ わ 続けてください 続けて 続きを 続き つづけて "
    "もっと"
    " 次 お願いします お願い ください こんにちは さようなら おはよう それで ขอบคุณมาก ขอบคุณ ครับ ค่ะ "
    "คะ"
    " โอเค ดีมาก ดี เยี่ยม ต่อไป ต่อ เลย สวัสดี เข้าใจแล้ว ";
inline constexpr std::string_view kRunAnswers =
    " 是的 是 对的 对 對 不是 不 没有 不对 当然 没错 はい いいえ うん ううん ええ そうです そう "
    "違います 違う"
    " もちろん ใช่ ไม่ใช่ ไม่ แน่นอน ";

}  // namespace fabula::dossier
