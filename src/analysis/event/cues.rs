//! Words that tell how a text speaks of an event, in Dutch, German, English, French and Spanish, in lower case. The catalog's languages add
//! to the cues of tense. Data alone.

/// An earlier edition is meant.
#[rustfmt::skip]
pub(super) const PAST: &[&str] = &[
    "last year", "last year's", "the year before", "a year ago", "one year ago", "a year earlier", "the previous", "previous year", "previous edition", "years ago", "back in",
    "former edition", "vorig jaar", "afgelopen jaar", "het jaar ervoor", "het jaar daarvoor", "vorige editie", "na de",
    "jaar geleden", "een jaar eerder", "een jaar terug", "destijds in", "vor einem jahr", "vor zwei jahren", "vor drei jahren",
    "ein jahr zuvor", "ein jahr davor", "ein jahr früher", "im jahr davor", "im jahr zuvor", "un an plus tôt",
    "un an auparavant", "l'édition d'avant", "hace un año", "hace dos años", "un año antes", "el año anterior", "letztes jahr", "letzten jahr", "letzten jahres", "vorig jahr", "vorjahr",
    "vorjahres", "im vergangenen jahr", "nach der", "jahren auf der", "letztjährige", "letztjährigen", "l'an passé",
    "l'an dernier", "l'année dernière", "l'année passée", "l'année précédente", "édition précédente",
    "dernière édition", "il y a", "el año pasado", "año anterior", "edición anterior", "la última edición", "tras la",
];

/// A later edition is meant.
#[rustfmt::skip]
pub(super) const FUTURE: &[&str] = &[
    "next year", "next year's", "next edition", "next kubecon", "see you", "save the date", "join us",
    "volgend jaar", "volgende editie", "volgende kubecon", "tot ziens", "tot volgend", "zien we je", "tot in",
    "nächstes jahr", "nächsten jahr", "kommendes jahr", "kommenden jahr", "nächste edition", "nächste kubecon", "nächste ausgabe",
    "nächste europäische", "nächste nordamerikanische", "nächsten ausgabe", "next european", "next north american",
    "volgende europese", "prochaine édition européenne", "próxima edición europea", "próximas citas",
    "nächsten kubecon", "bis zum nächsten", "wir sehen uns", "l'année prochaine", "l'an prochain", "prochaine édition",
    "prochaine kubecon", "rendez vous", "à l'année", "el año que viene", "próximo año", "el próximo", "la próxima",
    "próxima edición", "nos vemos", "hasta el próximo", "looking ahead", "vooruitblik",
    "already looking forward",
];

/// An edition is meant that is near: a later one, unless the report begins before its event.
#[rustfmt::skip]
pub(super) const SOON: &[&str] = &[
    "next month", "upcoming", "volgende maand", "aanstaande", "aankomende", "nächsten monat", "bevorstehende", "bevorstehenden", "anstehende",
    "anstehenden", "le mois prochain", "à venir", "el mes que viene", "el próximo mes",
];

/// The edition of the report is meant.
#[rustfmt::skip]
pub(super) const NOW: &[&str] = &[
    "this year", "this year's", "this time", "this edition", "dit jaar", "deze editie", "dit keer", "dieses jahr",
    "diesjährige", "diesjährigen", "in diesem jahr", "heuer", "cette année", "cette édition", "cette fois", "este año",
    "esta edición", "esta vez",
];

/// Somebody was at a conference.
#[rustfmt::skip]
pub(super) const REPORT: &[&str] = &[
    "conference", "conferences", "summit", "keynote", "keynotes", "attended", "attending", "attendees", "attendee",
    "session", "sessions", "talk", "talks", "speaker", "speakers", "booth", "recap", "highlights", "takeaways",
    "announced", "hallway track", "co located", "conferentie", "bezocht", "bezochten", "bezoekers", "lezing",
    "lezingen", "praatje", "praatjes", "podium", "publiek", "zaal", "sessie", "sessies", "presentatie", "presentaties", "beurs", "beursvloer", "terugblik", "spreker",
    "sprekers", "aanwezig", "deelnemers", "kondigde", "konferenz", "konferenzen", "vortrag", "vorträge", "vorträgen", "fachvorträge", "fachvorträgen", "bühne", "publikum", "besucht",
    "besucher", "teilnehmer", "teilnehmern", "rückblick", "sprecher", "messe", "vor ort", "angekündigt", "stände",
    "conférence", "conférences", "participants", "participé", "assisté", "retour sur", "présentation", "présentations",
    "orateurs", "stands", "annoncé", "conferencia", "conferencias", "charla", "charlas", "ponencia", "ponencias",
    "asistentes", "asistimos", "asistir", "sesión", "sesiones", "ponentes", "resumen", "anunció", "evento",
];

/// Says that a date or place beside it is that of an event.
#[rustfmt::skip]
pub(super) const HELD: &[&str] = &[
    "took place", "takes place", "held", "hosted", "gathered", "welcomed", "kicked off", "days", "attended", "was in",
    "vond", "plaats", "verzamelden", "gehouden", "fand", "statt", "stattfand", "stattgefunden", "trafen",
    "veranstaltet", "a eu lieu", "s'est tenue", "s'est tenu", "s'est déroulée", "se tenait", "avait lieu", "organisée",
    "réuni", "tuvo lugar", "se celebró", "celebrada", "celebrado", "reunió", "reuniendo", "scheduled", "bezochten",
    "waren we", "waren wij", "waren wir", "we were", "nous étions", "estuvimos",
];

/// A date beside it is that of the text.
#[rustfmt::skip]
pub(super) const PUBLISHED: &[&str] = &[
    "posted", "posted on", "published", "published on", "updated", "last modified", "written by", "min read",
    "minutes read", "comments", "comment", "gepubliceerd", "geplaatst", "bijgewerkt", "leestijd", "reacties",
    "geschreven door", "veröffentlicht", "stand", "aktualisiert", "kommentare", "lesezeit", "geschrieben von", "autor",
    "publié", "mis à jour", "commentaires", "temps de lecture", "rédigé par", "publicado", "actualizado",
    "comentarios", "escrito por", "lectura", "registration", "cfp", "call for papers", "call for proposals",
];

/// Words of the cloud-native world.
#[rustfmt::skip]
pub(super) const FIELD: &[&str] = &[
    "kubernetes", "k8s", "cloud native", "cncf", "containers", "container", "service mesh", "prometheus", "helm",
    "microservices", "ebpf", "gitops",
];

/// Words before a series that only serves to say when or where something else was.
#[rustfmt::skip]
pub(super) const ASIDE: &[&str] = &[
    "before", "since", "alongside", "vor", "seit", "neben", "avant", "antes", "vóór", "sinds", "naast",
];

/// Words that may stand between those and the series.
pub(super) const ARTICLES: &[&str] = &["the", "de", "der", "den", "dem", "die", "la", "le"];

/// Words that lead to a place.
#[rustfmt::skip]
pub(super) const LEADS: &[&str] = &[
    "in", "à", "en", "te", "at", "nach", "naar", "to", "aus", "uit", "from", "de", "zonnige", "sunny", "sonnigen", "a",
    "of", "op", "über", "over",
];

/// Words that may stand between a series and its year or place.
#[rustfmt::skip]
pub(super) const LINKS: &[&str] = &[
    "au", "aux", "auf", "am", "sur", "na", "in", "à", "en", "te", "of", "the", "de", "van", "von", "at", "conference", "conferentie", "konferenz",
    "conférence", "conferencia", "edition", "editie", "édition", "edición", "s", "événement", "events", "event", "summit", "other", "cncf",
    "virtual", "die", "la", "le", "im", "jahr",
];

/// Adjectives that stand for the region of an edition.
#[rustfmt::skip]
pub(super) const REGION_WORDS: &[(&str, &str)] = &[
    ("european", "Europe"), ("europese", "Europe"), ("europäische", "Europe"), ("europäischen", "Europe"), ("européenne", "Europe"),
    ("europea", "Europe"), ("north american", "North America"), ("noord amerikaanse", "North America"),
    ("nordamerikanische", "North America"), ("nordamerikanischen", "North America"), ("nord américaine", "North America"),
    ("norteamericana", "North America"), ("chinese", "China"), ("chinesische", "China"), ("chinesischen", "China"), ("chinoise", "China"),
    ("china", "China"), ("japanese", "Japan"), ("japanse", "Japan"), ("japanische", "Japan"), ("japanischen", "Japan"), ("japonaise", "Japan"),
    ("japonesa", "Japan"), ("indian", "India"), ("indische", "India"), ("indischen", "India"), ("indienne", "India"),
];
