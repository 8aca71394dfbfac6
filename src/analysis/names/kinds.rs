//! Project or company, where one spelling is both ("Sysdig", "Kong"): by what stands around each mention. Pure functions.

use super::candidates::Spot;
use super::companies::company_cues;
use super::context::Context;
use super::cues::Cue;
use super::evidence::SPEAKS;
use super::versions;
use super::words;

/// Which of its two meanings a mention has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// The software.
    Project,
    /// The company.
    Organization,
    /// Nothing around it tells.
    Either,
}

/// Which meaning the words around a mention speak for.
pub(super) fn sense(context: &Context<'_>, spot: &Spot) -> Sense {
    // Software "shows" and "tells" as well.
    let cues = company_cues(context, spot).into_iter().filter(|(label, _, _)| *label != SPEAKS);
    let mut company: i32 = cues.map(|(_, points, _)| points).sum();
    if context.cue_near(spot, Cue::Company, 30) {
        company += 2;
    }
    let (before, behind) = (context.before(spot), context.behind(spot));
    let mut software = 0;
    if versions::after(behind).is_some() {
        software += 4;
    }
    if words::presented(before, false) || words::presented_behind(behind) {
        software += 4;
    }
    if context.cue_near(spot, Cue::Software, 30) {
        software += 2;
    }
    match () {
        () if company > software && company >= 2 => Sense::Organization,
        // A word of software nearby alone says little: companies are spoken of with the same words.
        () if software > company && software >= 4 => Sense::Project,
        () => Sense::Either,
    }
}

/// How many mentions of a spelling have which meaning in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Senses {
    /// Mentions of the software.
    pub(super) project: usize,
    /// Mentions of the company.
    pub(super) organization: usize,
}

impl Senses {
    pub(super) fn count(&mut self, sense: Sense) {
        match sense {
            Sense::Project => self.project += 1,
            Sense::Organization => self.organization += 1,
            Sense::Either => {}
        }
    }

    /// Whether a mention counts for the project and for the organisation. One that nothing tells about is software for a CNCF project (`hosted`) and
    /// for everyday technology (`general`); else it is the company, and its product too unless the document speaks of the company alone or the product
    /// has a name of its own (not `namesake`): "CoreOS" is rather the company than CoreOS Container Linux.
    pub(super) fn resolve(self, sense: Sense, hosted: bool, general: bool, namesake: bool) -> (bool, bool) {
        match sense {
            Sense::Project => (true, false),
            Sense::Organization => (false, true),
            Sense::Either if general => (true, false),
            Sense::Either if hosted => (true, false),
            Sense::Either => (self.project > 0 || namesake && self.organization == 0, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_that_nothing_tells_about_goes_with_the_others() {
        let senses = |project, organization| Senses { project, organization };
        let table = [
            (senses(0, 0), Sense::Either, false, false, true, (true, true)),
            (senses(0, 0), Sense::Either, false, false, false, (false, true)),
            (senses(1, 0), Sense::Either, false, false, false, (true, true)),
            (senses(0, 2), Sense::Either, false, false, true, (false, true)),
            (senses(2, 0), Sense::Either, false, false, true, (true, true)),
            (senses(1, 1), Sense::Either, false, false, true, (true, true)),
            (senses(0, 2), Sense::Either, true, false, true, (true, false)),
            (senses(0, 0), Sense::Either, false, true, true, (true, false)),
            (senses(0, 0), Sense::Organization, false, true, true, (false, true)),
        ];
        for (senses, sense, hosted, general, namesake, want) in table {
            assert_eq!(senses.resolve(sense, hosted, general, namesake), want, "{senses:?} {sense:?}");
        }
    }
}
