// For talk.cpp: as as_phrase() has them, so without accents and with one blank at both ends.
#pragma once

#include <array>
#include <string_view>

namespace fabula::story {

inline constexpr auto kAffirmations = std::to_array<std::string_view>({
    " sure ", " sure thing ", " certainly ", " of course ", " absolutely ", " okay ", " ok ",
    " alright ", " got it ", " understood ", " gladly ", " great ", " definitely ",
    " no problem ", " with pleasure ", " happy to help ", " my apologies ", " apologies ",
    // de
    " klar ", " gerne ", " naturlich ", " selbstverstandlich ", " sicher ", " okay gerne ",
    " sehr gerne ", " verstanden ", " aber gerne ", " aber naturlich ",
    // fr
    " bien sur ", " certainement ", " avec plaisir ", " d'accord ", " entendu ", " volontiers ",
    " tres bien ",
    // es
    " claro ", " claro que si ", " por supuesto ", " desde luego ", " con gusto ",
    " entendido ", " con mucho gusto ", " de acuerdo ",
    // it, pt
    " certo ", " certamente ", " con piacere ", " claro que sim ", " com certeza ", " com prazer ",
});

// What announces something that is shown.
inline constexpr auto kAnnouncements = std::to_array<std::string_view>({
    " here is ", " here's ", " here are ", " below is ", " below you will find ", " this is ",
    " following is ", " i've written ", " i have written ", " i've crafted ", " i've created ",
    " i've drafted ", " i've continued ", " i've rewritten ", " i've revised ", " i wrote ",
    " i'll write ", " i will write ", " i'll continue ", " i will continue ", " i'll craft ",
    " let's continue ", " let me continue ", " let me write ", " let's write ", " let's dive ",
    " continuing ", " i'd be happy to ", " i would be happy to ", " i'd be glad to ",
    " i'm happy to ", " as requested ",
    // de
    " hier ist ", " hier kommt ", " hier sind ", " hier findest du ", " hier finden sie ",
    " nachfolgend ", " im folgenden ", " ich habe ", " ich schreibe ", " ich setze ",
    " anbei ", " es folgt ",
    // fr
    " voici ", " voila ", " ci dessous ", " j'ai ecrit ", " j'ai redige ", " je vais ecrire ",
    " je continue ", " je poursuis ",
    // es
    " aqui esta ", " aqui tienes ", " aqui tiene ", " aqui va ", " a continuacion ",
    " he escrito ", " voy a escribir ", " esta es ",
    // it, pt
    " ecco ", " di seguito ", " ho scritto ", " aqui esta ", " segue ", " a seguir ",
});

// What only somebody who writes for another calls by its name.
inline constexpr auto kWorks = std::to_array<std::string_view>({
    " scene ", " next scene ", " continuation ", " rewritten ", " revised ", " draft ",
    " your story ", " your scene ", " your chapter ", " requested ", " word count ",
    " opening scene ", " the prose ", " the narrative ", " left off ", " premise ",
    // de
    " szene ", " nachste szene ", " fortsetzung ", " uberarbeitete ", " entwurf ",
    " deine geschichte ", " ihre geschichte ", " gewunschte ", " pramisse ",
    // fr
    " scene suivante ", " prochaine scene ", " suite de l'histoire ", " suite du recit ",
    " votre histoire ", " ton histoire ", " brouillon ", " demande ", " version revisee ",
    " la suite ",
    // es
    " escena ", " siguiente escena ", " continuacion ", " tu historia ", " su historia ",
    " borrador ", " solicitada ", " solicitado ", " version revisada ",
    // it, pt
    " scena ", " continuazione ", " la tua storia ", " cena ", " continuacao ", " sua historia ",
});

// What a story may speak of, too: talk only after an affirmation, or when nothing follows it.
inline constexpr auto kStoryNouns = std::to_array<std::string_view>({
    " story ", " chapter ", " part ", " section ", " passage ", " version ", " piece ", " opening ",
    " beginning ", " ending ", " text ", " excerpt ", " tale ", " segment ", " paragraph ",
    // de
    " geschichte ", " kapitel ", " teil ", " abschnitt ", " anfang ", " schluss ", " erzahlung ",
    // fr
    " histoire ", " l'histoire ", " chapitre ", " partie ", " texte ", " passage ", " recit ",
    " debut ", " suite ", " scene ",
    // es, it, pt
    " historia ", " capitulo ", " parte ", " texto ", " relato ", " fragmento ", " storia ",
    " capitolo ", " testo ", " racconto ", " trecho ",
});

// Somebody who tells of himself; what models say of themselves is taken out before.
inline constexpr auto kNarrators = std::to_array<std::string_view>({
    " i ", " i'd ", " i'm ", " i've ", " i'll ", " my ", " me ", " we ", " us ", " our ", " mine ", " myself ",
    " ich ", " mein ", " meine ", " meiner ", " meinem ", " mir ", " mich ", " wir ", " uns ",
    " je ", " mon ", " ma ", " mes ", " moi ", " nous ", " notre ",
    " yo ", " mi ", " mis ", " nosotros ", " nuestra ", " nuestro ", " io ", " mio ", " mia ",
    " eu ", " meu ", " minha ",
});

// Said by one who has written something for somebody who asked.
inline constexpr auto kModelWords = std::to_array<std::string_view>({
    " you asked ", " you requested ", " you wanted ", " as you requested ", " your request ",
    " your instructions ", " your outline ", " your preferences ", " your prompt ", " i've kept ",
    " i have kept ", " i've tried ", " i tried to ", " i've aimed ", " i aimed ", " i've focused ",
    " i focused on ", " i've included ", " i've made sure ", " i made sure ", " i've maintained ",
    " feel free to ", " word count ", " let me know ", " i hope this ", " i hope you enjoy ",
    " from where we left off ", " from where it left off ", " per your ", " based on your ",
    " ich hoffe diese ", " ich hoffe der ", " wie gewunscht ", " lass mich wissen ",
    " lassen sie mich wissen ", " j'espere que cette ", " j'espere que ce ", " comme demande ",
    " n'hesite pas ", " n'hesitez pas ", " espero que esta ", " espero que te ", " como pediste ",
    " no dudes en ", " hazme saber ", " avisame ",
});

// How offers begin: what they offer must be one of kNextSteps.
inline constexpr auto kOffers = std::to_array<std::string_view>({
    " would you like ", " do you want me ", " shall i ", " should i ", " if you'd like ",
    " if you would like ", " if you want ", " i can also ", " i'd be happy ", " i'm happy to ",
    " i can continue ", " what would you like ", " ready for ", " want me to ",
    " how would you like ", " just say ", " please let me know ",
    // de
    " mochtest du ", " mochten sie ", " soll ich ", " wenn du mochtest ", " wenn sie mochten ",
    " gerne kann ich ", " sag mir ", " sag bescheid ", " willst du ", " wollen sie ",
    // fr
    " souhaitez vous ", " voulez vous ", " veux tu ", " souhaites tu ", " dis moi ", " dites moi ",
    " si vous souhaitez ", " si vous voulez ", " si tu veux ", " dois je ",
    // es
    " te gustaria ", " le gustaria ", " quieres que ", " quiere que ", " deseas que ",
    " si quieres ", " si deseas ", " dime ",
    // it, pt
    " vuoi che ", " vuole che ", " se vuoi ", " gostaria que ", " quer que ", " se quiser ",
});

inline constexpr auto kNextSteps = std::to_array<std::string_view>({
    " me to continue ", " me to write ", " me to proceed ", " me to go on ", " me to expand ",
    " me to revise ", " me to adjust ", " to continue the story ", " continue the story ",
    " continue with the next ", " to continue with ", " next scene ", " next chapter ",
    " next part ", " any changes ", " any adjustments ", " any revisions ", " adjustments ",
    " revisions ", " tweaks ", " i continue with ", " i go on with ", " i proceed ",
    " another version ", " different direction ", " your vision ", " to see any ",
    // de
    " ich fortfahre ", " dass ich fortfahre ", " ich fortfahren ", " weiterschreiben ",
    " weiterschreibe ", " ich die geschichte fortsetze ", " ich die nachste ", " nachste szene ",
    " nachsten szene ", " nachste kapitel ", " nachsten kapitel ", " anderungen ", " anpassungen ",
    // fr
    " que je continue ", " je continue ", " continuer l'histoire ", " que je poursuive ",
    " prochaine scene ", " scene suivante ", " chapitre suivant ", " prochain chapitre ",
    " modifications ", " ajustements ",
    // es
    " que continue ", " continue la historia ", " continue con ", " siguiente escena ",
    " proxima escena ", " siguiente capitulo ", " proximo capitulo ", " cambios en ", " ajustes ",
    " algun cambio ",
    // it, pt
    " che continui ", " prossima scena ", " modifiche ", " que eu continue ", " proxima cena ",
    " alteracoes ",
});

// How remarks on what was written begin: kNextSteps or kRemarked must follow.
inline constexpr auto kRemarks = std::to_array<std::string_view>({
    " let me know ", " please let me know ", " feel free ", " i hope this ", " i hope you enjoy ",
    " i hope you enjoyed ", " i hope you like ",
    // de
    " lass mich wissen ", " lassen sie mich wissen ", " ich hoffe diese ", " ich hoffe die szene ",
    " ich hoffe dir gefallt ", " ich hoffe ihnen gefallt ",
    // fr
    " n'hesitez pas ", " n'hesite pas ", " j'espere que cette ", " j'espere que la scene ",
    " j'espere que ce ", " faites moi savoir ", " fais moi savoir ",
    // es
    " espero que esta ", " espero que te guste ", " espero que la escena ", " espero que este ",
    " hazme saber ", " avisame ", " no dudes en ",
    // it, pt
    " fammi sapere ", " spero che questa ", " espero que esta ", " me avise ",
});

inline constexpr auto kRemarked = std::to_array<std::string_view>({
    " scene ", " this chapter ", " your story ", " this continuation ", " the tone ",
    " the pacing ", " feedback ", " meets your ", " your request ", " your expectations ",
    " this version ", " this story ",
    // de
    " szene ", " dieses kapitel ", " deine geschichte ", " diese geschichte ", " fortsetzung ",
    // fr, es, it, pt
    " cette histoire ", " ce chapitre ", " cette suite ", " escena ", " este capitulo ",
    " esta historia ", " tu historia ", " scena ", " cena ",
});

// A paragraph that begins so and has one of kModelWords is no story's.
inline constexpr auto kNotes = std::to_array<std::string_view>(
    {" note ", " author's note ", " a note ", " hinweis ", " anmerkung ", " remarque ", " nota "});

inline constexpr auto kSpeechVerbs = std::to_array<std::string_view>({
    " he said ", " she said ", " they said ", " i said ", " said ", " he asked ", " she asked ",
    " asked ", " replied ", " whispered ", " answered ", " muttered ", " says ", " asks ",
    " sagte ", " fragte ", " flusterte ", " antwortete ", " rief ", " dit il ", " dit elle ",
    " demanda ", " repondit ", " murmura ", " dijo ", " pregunto ", " respondio ", " susurro ",
    " disse ", " chiese ", " rispose ", " perguntou ", " respondeu ",
});

inline constexpr auto kRefusals = std::to_array<std::string_view>({
    " i can't ", " i cannot ", " i can not ", " i'm unable to ", " i am unable to ", " i won't ",
    " i'm not able to ", " i am not able to ", " i'm not comfortable ", " i must decline ",
    " i will not ",
    // de
    " ich kann nicht ", " kann ich nicht ", " ich kann keine ", " kann ich keine ",
    " ich kann diese ", " ich kann das nicht ", " ich darf nicht ", " ich kann dir ",
    " ich kann ihnen ", " nicht in der lage ",
    // fr
    " je ne peux pas ", " je ne suis pas en mesure ", " je ne peux ", " je dois refuser ",
    // es
    " no puedo ", " no me es posible ", " no podre ", " no estoy en condiciones ",
    // it, pt
    " non posso ", " non sono in grado ", " nao posso ", " nao consigo ",
    // ru
    " я не могу ",
});

// What only a model refuses to do, or its reasons.
inline constexpr auto kRequests = std::to_array<std::string_view>({
    " assist with ", " help with that ", " help with this ", " help you with ", " this request ",
    " that request ", " your request ", " write this ", " write that ", " write a ", " write the ",
    " write content ", " create content ", " create this ", " generate ", " fulfill ", " fulfil ",
    " this content ", " that content ", " such content ", " explicit ", " guidelines ", " policy ",
    " policies ", " this scene ", " this story ", " continue this ", " continue the story ",
    " continue with this ", " provide content ", " produce ", " comply ",
    // de
    " diese anfrage ", " dieser anfrage ", " diese szene ", " diesen inhalt ", " solche inhalte ",
    " keine inhalte ", " dabei nicht helfen ", " richtlinien ", " erstellen ", " diese geschichte ",
    " anfrage ",
    // fr
    " cette demande ", " votre demande ", " ce contenu ", " ecrire cette ", " cette scene ",
    " cette histoire ", " vous aider ", " t'aider ", " generer ", " ce type de contenu ",
    " contenu ",
    // es
    " esta solicitud ", " tu solicitud ", " su solicitud ", " este contenido ", " ese contenido ",
    " escribir esta ", " esta escena ", " esta historia ", " ayudarte con ", " ayudar con ",
    " generar ", " contenido ", " cumplir ",
    // it, pt
    " questa richiesta ", " questo contenuto ", " questa scena ", " esta solicitacao ",
    " este conteudo ", " esta cena ", " ajudar com ",
    // ru
    " этот запрос ", " эту сцену ", " этого контента ", " помочь с этим ", " написать ",
});

// These alone are enough: nobody else says so of himself.
inline constexpr auto kModelsOfThemselves = std::to_array<std::string_view>({
    " as an ai language model ", " as an ai assistant ", " as a language model ",
    " as an ai i can ", " als ki sprachmodell ", " als sprachmodell ", " als ki assistent ",
    " en tant que modele de langage ", " en tant qu'ia ", " en tant qu'assistant ia ",
    " como modelo de lenguaje ", " como modelo de linguagem ", " como una ia ",
    " come modello linguistico ", " как языковая модель ",
});

// Of scripts without spaces, looked up in the text as it is.
inline constexpr auto kUnspacedRefusals = std::to_array<std::string_view>({
    "我无法协助", "我无法提供", "我不能协助", "无法满足您的请求", "我无法满足", "我无法继续创作",
    "作为一个AI", "作为AI", "作为人工智能", "我無法協助", "我無法提供", "無法滿足您的請求",
    "お手伝いできません", "ご要望にはお応えできません", "ご要望にお応えできません",
    "リクエストにはお応えできません", "生成することはできません", "AIとして",
});

}  // namespace fabula::story
