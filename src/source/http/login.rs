//! Tells sign-in pages from reports: a server that wants to know who is asking often says 200, or redirects, instead of 401. Pure.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use url::Url;

/// A page that says more than this many words beside its form is a page with a form, not a form.
const FEW_WORDS: usize = 200;
/// A page of sign-in services without a password field (the name is asked for first) says less than this many.
const VERY_FEW_WORDS: usize = 80;
/// Sign-in pages are small, though their scripts are not.
const MAX_BYTES: usize = 1 << 20;

/// Segments of paths under which people sign in; compared as a whole, without `.php`, `.aspx` and the like.
const SEGMENTS: [&str; 19] = [
    "login",
    "log-in",
    "log_in",
    "signin",
    "sign-in",
    "sign_in",
    "wp-login",
    "sso",
    "saml",
    "saml2",
    "oauth",
    "oauth2",
    "authorize",
    "openid-connect",
    "adfs",
    "anmelden",
    "inloggen",
    "connexion",
    "iniciar-sesion",
];
/// First labels of the names of hosts where people sign in.
const HOSTS: [&str; 8] = ["login", "signin", "sso", "idp", "accounts", "auth", "oauth", "saml"];
/// Titles of sign-in pages begin or end with one of these, in the five languages.
const TITLES: [&str; 14] = [
    "sign in",
    "signin",
    "sign-in",
    "log in",
    "login",
    "log-in",
    "single sign-on",
    "anmelden",
    "anmeldung",
    "inloggen",
    "aanmelden",
    "connexion",
    "se connecter",
    "iniciar sesión",
];

/// Whether a redirect leads from a page to where people sign in.
pub(super) fn leads_to_sign_in(from: &Url, to: &Url) -> bool {
    !is_sign_in(from) && is_sign_in(to)
}

fn is_sign_in(url: &Url) -> bool {
    let segment = |segment: &str| {
        let segment = segment.to_ascii_lowercase();
        let stem = segment.split_once('.').map_or(segment.as_str(), |(stem, _)| stem);
        SEGMENTS.contains(&stem)
    };
    let label = url.host_str().and_then(|host| host.split_once('.')).map(|(label, _)| label);
    label.is_some_and(|label| HOSTS.contains(&label)) || url.path_segments().is_some_and(|mut all| all.any(segment))
}

/// Whether an HTML page asks for a password, or hands over to a sign-in service, and says little else.
pub(super) fn is_sign_in_page(bytes: &[u8]) -> bool {
    if bytes.len() > MAX_BYTES || !has_tags(bytes) {
        return false;
    }
    let page = Page::read(&String::from_utf8_lossy(bytes));
    let title = page.title.trim().to_lowercase();
    let titled = TITLES.iter().any(|word| title.starts_with(word) || title.ends_with(word));
    (page.password && page.words <= FEW_WORDS)
        || (page.hands_over && page.words <= VERY_FEW_WORDS)
        || (titled && page.form && page.words <= VERY_FEW_WORDS)
}

/// Whether there is anything to look for: most texts have neither form nor field.
fn has_tags(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|window| window.eq_ignore_ascii_case(b"<form") || window.eq_ignore_ascii_case(b"<inpu"))
}

/// What tells a sign-in page.
#[derive(Debug, Default)]
struct Page {
    title: String,
    words: usize,
    form: bool,
    password: bool,
    hands_over: bool,
}

impl Page {
    /// Reads a page tag by tag, without building a tree: its size is the only bound that it needs.
    fn read(html: &str) -> Self {
        let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from_slice(html));
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        tokenizer.end();
        tokenizer.sink.state.into_inner().page
    }

    fn tag(&mut self, tag: &Tag) {
        let attribute = |name: &str| {
            let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
            found.map(|attribute| attribute.value.to_ascii_lowercase())
        };
        match &*tag.name {
            "form" => self.form = true,
            "input" => {
                self.password |= attribute("type").as_deref() == Some("password");
                self.hands_over |= attribute("name")
                    .is_some_and(|name| matches!(&*name, "samlrequest" | "samlresponse" | "wresult" | "relaystate"));
            }
            _ => {}
        }
    }
}

#[derive(Default)]
struct State {
    page: Page,
    in_title: bool,
    /// Within a script or style.
    hidden: bool,
    /// The last character was part of a word.
    in_word: bool,
}

#[derive(Default)]
struct Reader {
    state: RefCell<State>,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) if state.in_title => state.page.title.push_str(&text),
            Token::CharacterTokens(text) if !state.hidden => {
                for c in text.chars() {
                    let word = c.is_alphanumeric();
                    state.page.words += usize::from(word && !state.in_word);
                    state.in_word = word;
                }
            }
            Token::TagToken(tag) => {
                state.in_word = false;
                let starts = tag.kind == TagKind::StartTag;
                let raw = match &*tag.name {
                    "title" => {
                        state.in_title = starts;
                        RawKind::Rcdata
                    }
                    "script" | "style" => {
                        state.hidden = starts;
                        if &*tag.name == "script" { RawKind::ScriptData } else { RawKind::Rawtext }
                    }
                    _ => {
                        if starts {
                            state.page.tag(&tag);
                        }
                        return TokenSinkResult::Continue;
                    }
                };
                if starts {
                    return TokenSinkResult::RawData(raw);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str =
        r#"<form method="post"><input name="user"><input TYPE=Password name="pass"><button>Go</button></form>"#;

    fn article(words: usize) -> String {
        "<p>".to_owned() + &"word ".repeat(words) + "</p>"
    }

    #[test]
    fn pages_that_ask_who_is_there_are_recognised() {
        let saml = r#"<html><body onload="document.forms[0].submit()"><form><input type="hidden" name="SAMLRequest" value="x"></form>"#;
        let name_first = "<html><head><title>Sign in to your account</title><script>var a = '<p>many words here</p>'.repeat(999)</script>\
            </head><body><form><input name=login></form>";
        for page in [
            FORM.to_owned(),
            format!("<html><title>Intranet</title>{FORM}{}", article(60)),
            saml.to_owned(),
            name_first.to_owned(),
            name_first.replace("Sign in to your account", "Firma GmbH - Anmelden"),
            format!("<script>{}</script>{FORM}", "var words = many; ".repeat(500)),
        ] {
            assert!(is_sign_in_page(page.as_bytes()), "{page}");
        }
    }

    #[test]
    fn reports_with_a_form_beside_them_are_not() {
        for page in [
            format!("<html><header>{FORM}</header>{}", article(400)),
            format!("<title>Log in once: identity at KubeCon</title><form><input name=q></form>{}", article(120)),
            "# KubeCon\n\nA plain text about <input type=password> fields.".to_owned() + &"word ".repeat(300),
            "At KubeCon we saw Dex and Keycloak; sign in with one password.".to_owned(),
            "<html><form><input name=search></form><p>Short page</p>".to_owned(),
        ] {
            assert!(!is_sign_in_page(page.as_bytes()), "{page}");
        }
    }

    #[test]
    fn redirects_to_where_people_sign_in_are_recognised_by_whole_words() {
        let from = Url::parse("https://wiki.example.org/report").unwrap();
        for (to, expected) in [
            ("https://wiki.example.org/login?next=%2Freport", true),
            ("https://wiki.example.org/wp-login.php", true),
            ("https://wiki.example.org/realms/x/protocol/openid-connect/auth", true),
            ("https://login.example.com/common/oauth2/authorize", true),
            ("https://accounts.example.com/v3", true),
            ("https://wiki.example.org/2024/sso-at-kubecon", false),
            ("https://wiki.example.org/logins-explained.html", false),
            ("https://www.example.org/report/", false),
        ] {
            assert_eq!(leads_to_sign_in(&from, &Url::parse(to).unwrap()), expected, "{to}");
        }
        let own = Url::parse("https://docs.example.org/login/").unwrap();
        assert!(!leads_to_sign_in(&own, &own.join("index.html").unwrap()), "somebody who asks for such a page gets it");
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_the_reader_panic(page in "(<[a-z/!?-]{0,8}[ =\"'a-z]{0,10}>?|[a-z<>&;#]{0,6}){0,40}") {
            let _ = is_sign_in_page(format!("<form>{page}").as_bytes());
        }
    }
}
