//! Words that tell which sentences belong into a summary, in Dutch, German, English, French and Spanish, in lower case. Data alone.

use crate::analysis::language::Language;

/// The author speaks of themselves; "we" is not meant: teams write most reports.
pub(super) fn first_person(language: Language) -> &'static [&'static str] {
    match language {
        Language::Nl => &["ik", "mij", "mijn", "mezelf"],
        Language::De => &["ich", "mir", "mich", "mein", "meine", "meinem", "meinen", "meiner"],
        Language::Fr => &["je", "j", "moi", "mon", "ma", "mes"],
        Language::Es => &["yo", "me", "mí", "mi", "mis", "conmigo"],
        Language::En | Language::Other(_) | Language::Undetermined => &["i", "me", "my", "myself"],
    }
}

/// The reader is spoken to.
pub(super) fn second_person(language: Language) -> &'static [&'static str] {
    match language {
        Language::Nl => &["je", "jij", "jou", "jouw", "jullie", "u", "uw"],
        Language::De => &["du", "dich", "dir", "dein", "deine", "deinem", "deinen", "deiner", "euch", "eure", "ihr"],
        Language::Fr => &["vous", "votre", "vos", "tu", "toi", "ton", "tes"],
        Language::Es => &["tú", "ti", "tu", "tus", "usted", "ustedes", "vosotros"],
        Language::En | Language::Other(_) | Language::Undetermined => &["you", "your", "yours", "yourself"],
    }
}

/// Feelings and thanks.
#[rustfmt::skip]
pub(super) const CHATTER: &[&str] = &[
    "grateful", "thrilled", "excited", "proud", "happy to", "pleasure", "honored", "honoured", "blij", "trots",
    "dankbaar", "stolz", "freuen uns", "heureux", "fiers", "ravis", "encantados", "orgullosos", "contentos",
    "great time", "had fun", "thank you", "thanks", "a big thank", "can't wait", "see you", "awesome", "jet lag",
    "hotel", "flight", "breakfast", "lunch", "beer", "party", "swag", "stickers", "bedankt", "dank aan", "leuk",
    "gezellig", "tot ziens", "vlucht", "biertje", "danke", "vielen dank", "spaß", "flug", "bier", "merci",
    "super moment", "bière", "vol", "gracias", "cerveza", "vuelo", "fiesta", "weather", "coffee", "koffie", "kaffee",
];

/// Says what mattered or what was new.
#[rustfmt::skip]
pub(super) const TELLING: &[&str] = &[
    "announced", "announcement", "released", "introduced", "presented", "showed", "demonstrated", "focus", "theme",
    "themes", "trend", "trends", "takeaway", "key", "conclusion", "in short", "overall", "important", "biggest",
    "attendees", "participants", "adoption", "graduated", "future", "challenge", "growing", "kondigde", "aangekondigd",
    "introduceerde", "presenteerde", "toonde", "thema", "thema's", "belangrijkste", "conclusie", "kortom", "bezoekers",
    "deelnemers", "uitdaging", "toekomst", "aandacht", "angekündigt", "vorgestellt", "stellte", "zeigte",
    "schwerpunkt", "themen", "wichtigste", "wichtigsten", "fazit", "teilnehmer", "teilnehmern", "zukunft",
    "herausforderung", "annoncé", "présenté", "thème", "thèmes", "tendance", "tendances", "principal", "avenir",
    "défi", "anunció", "anunciaron", "presentó", "presentaron", "tema", "temas", "tendencia", "tendencias",
    "principales", "asistentes", "futuro", "desafío", "destacó", "mostró",
];

/// Leans on what came before, at the start of a sentence. The catalog's languages add to them.
#[rustfmt::skip]
pub(super) const OPENERS: &[&str] = &[
    "second", "third", "secondly", "thirdly", "finally", "ten tweede", "ten derde", "zweitens", "drittens",
    "deuxièmement", "troisièmement", "enfin", "en segundo lugar", "por último", "the latter", "the former", "this",
    "these", "those", "that", "it", "they", "he", "she", "his", "her", "their", "its", "but", "and", "or", "so",
    "also", "however", "therefore", "moreover", "furthermore", "then", "there", "here", "such", "both", "another",
    "again", "instead", "otherwise", "still", "yet", "thus", "hence", "because", "additionally", "meanwhile",
    "similarly", "for example", "for instance", "in addition", "as a result", "on the other hand", "which", "wel",
    "niet", "dit", "deze", "die", "dat", "het", "hij", "zij", "ze", "zijn", "haar", "hun", "maar", "en", "of", "dus",
    "ook", "echter", "daarom", "daarnaast", "bovendien", "vervolgens", "toch", "daar", "hier", "hierdoor", "hiermee",
    "daarmee", "daardoor", "zo", "zulke", "beide", "bijvoorbeeld", "want", "zelfs", "dieser", "diese", "dieses",
    "diesem", "diesen", "das", "es", "er", "sie", "ihr", "ihre", "sein", "seine", "aber", "und", "oder", "auch",
    "jedoch", "deshalb", "daher", "deswegen", "außerdem", "zudem", "dann", "dort", "dabei", "dadurch", "damit", "dazu",
    "darüber", "trotzdem", "dennoch", "allerdings", "denn", "zum beispiel", "hierzu", "hierfür", "ce", "cet", "cette",
    "ces", "cela", "ça", "c", "il", "ils", "elle", "elles", "son", "sa", "ses", "leur", "leurs", "mais", "et", "ou",
    "donc", "aussi", "cependant", "toutefois", "ainsi", "ensuite", "puis", "alors", "par exemple", "de plus",
    "en outre", "celui", "celle", "ceux", "este", "esta", "estos", "estas", "eso", "esto", "ese", "esa", "esos",
    "esas", "él", "ella", "ellos", "ellas", "su", "sus", "pero", "y", "o", "también", "además", "sin embargo",
    "por eso", "por lo tanto", "así", "entonces", "luego", "por ejemplo", "mientras tanto", "the company",
    "the project", "the tool", "the talk", "the speaker", "the speakers", "the team", "the session", "het bedrijf",
    "het project", "de tool", "de oplossing", "de technologie", "de organisatie", "de spreker", "de sessie",
    "das unternehmen", "das projekt", "das tool", "die lösung", "die technologie", "der vortrag", "der sprecher",
    "l'entreprise", "le projet", "l'outil", "la solution", "la empresa", "el proyecto", "la herramienta",
    "la solución",
    "all three", "all of them", "these two", "the two", "the three", "neither", "most of them", "half of them",
    "opposite them", "beside it", "next to it", "alle drie", "de twee", "geen van beide", "de meeste daarvan", "ernaast",
    "hij heeft", "die beiden", "beides", "alle drei", "die zwei", "keiner von beiden", "daneben", "gegenüber",
    "rien que pour cela", "face à lui", "face à elle", "face à eux", "les deux", "les trois", "tous deux", "tous les deux",
    "tous les trois", "à côté", "los dos", "las dos", "los tres", "las tres", "ambos", "ambas", "al otro lado", "al lado",
    "enfrente",
];

/// Words for what was named before, where a catchword stands right before the sentence.
#[rustfmt::skip]
pub(super) const REFERS: &[&str] = &[
    "them", "it", "they", "these", "ze", "hen", "ervan", "daarvan", "sie", "ihnen", "davon", "ils", "elles", "eux", "ellos",
    "ellas",
];

/// Asks the reader to do something. The catalog's languages add to them.
#[rustfmt::skip]
pub(super) const CALLS: &[&str] = &[
    "see below", "see above", "zie hieronder", "siehe unten", "voir ci dessous", "ver abajo", "click here",
    "read more", "sign up", "subscribe", "check out", "stay tuned", "contact us", "let us know", "join us",
    "follow us", "learn more", "download", "register", "feel free", "don't hesitate", "find out more", "get in touch",
    "watch the", "image credit", "photo by", "lees meer", "lees verder", "lees dan", "schrijf je in", "neem contact",
    "meld je aan", "bekijk", "raadpleeg", "klik hier", "volg ons", "neem dan", "neem zeker", "wil je meer",
    "mehr erfahren", "jetzt anmelden", "weiterlesen", "hier klicken", "melden sie sich", "kontaktieren sie", "schaut",
    "schau dir", "schauen sie", "lass mich", "en savoir plus", "cliquez", "lire la suite", "inscrivez", "contactez",
    "n'hésitez pas", "suivez", "découvrez", "leer más", "haz clic", "suscríbete", "contáctanos", "síguenos",
    "descubre", "no dudes", "regístrate", "in this post", "in this blog", "in deze blog", "in dit artikel",
    "in diesem beitrag", "in diesem artikel", "dans cet article", "en este artículo", "was automatically translated",
    "automatisch übersetzt", "this blog post", "lees de", "lees het", "lees hier", "read the", "read our", "lies den",
    "lisez", "lee el", "see the", "zie de", "siehe", "voir le", "have a look", "take a look", "please", "bitte", "gelieve",
    "alstublieft", "s'il vous plaît", "merci de", "por favor", "next meeting", "next session", "volgende bijeenkomst",
    "volgende aflevering", "nächstes treffen", "nächste folge", "nächste sitzung", "prochaine réunion", "prochaine séance",
    "próxima sesión", "próxima reunión", "próximas citas",
];
