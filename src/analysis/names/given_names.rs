//! Given names, to tell "Edward Kong" from a mention of Kong. Data and a look-up; pure.
//!
//! Those that are frequent at conferences of the five language areas. One that is missing costs little; one that is also an ordinary word at the start of
//! a sentence ("Will", "Grace") or rather a product's name ("Claude") must not be here.

use std::collections::BTreeSet;
use std::sync::LazyLock;

static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| LIST.split(' ').collect());

/// Whether a word is a frequent given name.
pub(super) fn contains(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase) && NAMES.contains(word.to_lowercase().as_str())
}

const LIST: &str = "aaron abby adam adrian adriana ahmed alan albert alberto alejandro alex alexander alexandra alexandre alexis \
    ali alice alvaro amanda amy ana anais andrea andreas andrew andrey andré andy anita anna anne annette anthony \
    antoine antonio arjan arjen arnaud arthur barbara bart bas bastian ben benjamin benoit benoît bernard bernd \
    bert bill björn bob brad bram brandon brendan brian bridget bruno bryan camille carlos carmen carol caroline \
    catherine celeste charles charlotte cheryl chris christian christiane christina christine christoph christophe \
    christopher claire clara claudia clément colin craig cristina cédric dan daniel daniela danielle darren dave \
    david dawn deborah denis dennis derek diana diane diego dieter dirk dirk-jan dominik dominique donald doug \
    duncan dustin ed eddie eduardo edward edwin elena eli elizabeth ellen emil emily emma emmanuel enrique eric \
    erik erika erwin esther eva evan fabian fabrice felix fernando florian floris francesca francesco francis \
    francisco frank franz françois fred frederic frederik frédéric gabriel gareth gary georg george gerard gerd \
    gert giles giovanni gordon graham greg gregory guido guillaume guillermo gustavo hank hannah hannes hans \
    harald harry heather heiko heinrich helen hendrik henk henri henrik henry hugo ian ignacio ines ingo ingrid \
    isabel isabelle ivan jack jacob jacques jaime jake james jamie jan jane janet jason javier jean jeff jeffrey \
    jelle jennifer jenny jens jeremy jeroen jerome jerry jesse jessica jesus jill jim joan joana joe joel johan \
    johann johannes john jon jonas jonathan joost jordan jordi jorge joris jose josef joseph josh joshua josé \
    joyce juan judith julia julian julie julien julius justin jérôme jörg jürgen kai karel karen karim karin karl \
    kate katharina kathleen katie katrin kees keith kelly kelsey ken kenneth kerstin kevin kim klaus koen kris \
    kristen kurt kyle lars laura lauren laurent lee leo leon leonardo lewis liam linda lisa liz lorenzo louis luc \
    luca lucas lucie luis lukas luke léa maarten magnus manuel marc marcel marco marcus margaret maria marie mario \
    marion mark markus marta martijn martin martina mary mathias mathieu matt matteo matthew matthias matthieu \
    maurice mauricio max maxime megan mehdi melanie michael michel michelle michiel miguel mike mohamed monica \
    moritz muriel nadia nancy natalie nathan neil nicholas nick nico nicolas nicole niels nigel nikhil nils nina \
    noah nora norbert oliver olivia olivier oscar pablo paola pascal patricia patrick paul paula paulo pedro \
    pepijn peter petra phil philip philipp philippe pierre pieter priyanka quentin rachel rafael rainer ralf ralph \
    ramon raphael raphaël raul rebecca remco rené ricardo richard rick rik rob robert roberto robin roel roger \
    roland rolf romain roman ron ronald ross roy ruben rudolf russell ruud ryan rémi sam samantha samuel sander \
    sandra santiago sara sarah sascha scott sean sebastian sebastien sergey sergio shannon sharon shaun silvia \
    simon simone sofia sonia sophie stefan stefanie stefano steffen stephan stephane stephanie stephen steve \
    steven stuart stéphane susan susanne sven sylvain sébastien taylor teresa terry theo thierry thijs thomas \
    tiffany tim timo timothy tina tobias todd tom tomas tony torsten tracy tyler udo ulf ulrich ulrike uwe \
    valentin valerie vanessa vera victor vincent virginie walter wendy werner willem william wim wolfgang wouter \
    xavier yann yannick yves zach álvaro ángel óscar";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_have_a_capital() {
        assert!(contains("Edward") && contains("Jérôme"));
        assert!(!contains("edward") && !contains("Cilium") && !contains(""));
    }
}
