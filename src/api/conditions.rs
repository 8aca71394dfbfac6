//! The conditions of a report: from a verdict to the list that is written, and the rules that every list must keep. Pure functions.
//!
//! The rules are those that kstatus (`kubectl wait`, Flux, Argo CD) and the Flux condition checks rely on: Ready is always there;
//! Reconciling, Stalled and FetchFailed are abnormal-true, that is, present as `True` while they hold and otherwise absent.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::Reason;

/// Whether the status tells what the text of the current spec says.
pub const READY: &str = "Ready";
/// The operator is at work, or will try again by itself.
pub const RECONCILING: &str = "Reconciling";
/// Nothing goes on until somebody changes something.
pub const STALLED: &str = "Stalled";
/// The text could not be had; what the status says is the last good analysis.
pub const FETCH_FAILED: &str = "FetchFailed";

/// The most bytes a message may have: enough for a sentence, small beside the status's budget.
pub const MESSAGE_LIMIT: usize = 1024;

/// The types that this operator writes; others in a status belong to somebody else and are left alone.
pub const OWN_TYPES: [&str; 4] = [READY, RECONCILING, STALLED, FETCH_FAILED];

/// How a resource stands: each variant is a row of the truth table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A new generation is being worked on and will take a while.
    Progressing,
    /// The status tells what the current spec asks for.
    Succeeded,
    /// The text could not be had, and the operator tries again.
    Retrying(Reason),
    /// The text cannot be had until the user changes something.
    Stalled(Reason),
    /// Something that the spec refers to is missing.
    Waiting(Reason),
}

impl Verdict {
    /// Whether the root `observedGeneration` moves to the current generation: only when the operator is done with it.
    pub const fn observes(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Stalled(_))
    }

    /// Reason of the Ready condition.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Progressing => Reason::Progressing,
            Self::Succeeded => Reason::Succeeded,
            Self::Retrying(reason) | Self::Stalled(reason) | Self::Waiting(reason) => *reason,
        }
    }
}

/// The conditions that say `verdict`, in a fixed order. `generation` is the one that was worked on; `lastTransitionTime` is taken
/// from `previous` unless the condition's status flips.
pub fn conditions(
    previous: &[Condition],
    verdict: &Verdict,
    message: &str,
    generation: i64,
    now: &Time,
) -> Vec<Condition> {
    let message = cut(message, MESSAGE_LIMIT);
    let condition = |type_: &str, status: &str, reason: Reason| Condition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: reason.as_str().to_owned(),
        message: message.to_owned(),
        observed_generation: Some(generation),
        last_transition_time: find(previous, type_)
            .filter(|old| old.status == status)
            .map_or_else(|| now.clone(), |old| old.last_transition_time.clone()),
    };
    match *verdict {
        Verdict::Progressing => {
            vec![condition(READY, "Unknown", Reason::Progressing), condition(RECONCILING, "True", Reason::Progressing)]
        }
        Verdict::Succeeded => vec![condition(READY, "True", Reason::Succeeded)],
        Verdict::Retrying(reason) => vec![
            condition(READY, "False", reason),
            condition(RECONCILING, "True", Reason::ProgressingWithRetry),
            condition(FETCH_FAILED, "True", reason),
        ],
        Verdict::Stalled(reason) => vec![
            condition(READY, "False", reason),
            condition(STALLED, "True", reason),
            condition(FETCH_FAILED, "True", reason),
        ],
        Verdict::Waiting(reason) => {
            vec![condition(READY, "False", reason), condition(RECONCILING, "True", Reason::ProgressingWithRetry)]
        }
    }
}

/// The condition of a type.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether a condition of a type is there and `True`.
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status == "True")
}

/// Checks a status's `observedGeneration` and conditions against the rules; `generation` is the resource's.
///
/// # Errors
/// The rules that are broken, one sentence each.
pub fn check(observed_generation: Option<i64>, conditions: &[Condition], generation: i64) -> Result<(), Vec<String>> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, text: &str| {
        if !holds {
            broken.push(text.to_owned());
        }
    };
    let root = observed_generation.unwrap_or(-1);
    let ready = find(conditions, READY);
    let ready_is = |status: &str| ready.is_some_and(|ready| ready.status == status);
    let reconciling = is_true(conditions, RECONCILING);
    let stalled = is_true(conditions, STALLED);
    let negative =
        || conditions.iter().filter(|condition| [RECONCILING, STALLED, FETCH_FAILED].contains(&&*condition.type_));

    rule(ready.is_some(), "Ready must always be there");
    rule(!(reconciling && stalled), "Reconciling and Stalled exclude each other");
    rule(ready_is("True") || reconciling || stalled, "without Ready=True one of Reconciling and Stalled must say why");
    rule(!ready_is("True") || negative().next().is_none(), "Ready=True allows no negative condition");
    rule(!ready_is("Unknown") || reconciling, "Ready=Unknown needs Reconciling=True");
    rule(negative().all(|condition| condition.status == "True"), "negative conditions are removed, not set to False");
    rule(root <= generation, "observedGeneration must not run ahead of the generation");
    rule(
        conditions.iter().all(|condition| condition.observed_generation.is_some_and(|g| g <= generation)),
        "every condition has an observedGeneration that does not run ahead of the generation",
    );
    rule(
        !ready_is("True") || conditions.iter().all(|condition| condition.observed_generation == Some(root)),
        "Ready=True needs the same observedGeneration at the root and on every condition",
    );
    rule(!stalled || root == generation, "Stalled=True means that the generation has been observed");
    if let (Some(ready), Some(failed)) = (ready, find(conditions, FETCH_FAILED)) {
        rule(
            ready.reason == failed.reason && ready.message == failed.message,
            "Ready=False repeats the reason and the message of the failing condition",
        );
    }
    for (at, condition) in conditions.iter().enumerate() {
        let unique = !conditions.iter().take(at).any(|earlier| earlier.type_ == condition.type_);
        rule(unique, "a condition type stands only once");
        rule(!condition.reason.is_empty(), "every condition has a reason");
        rule(condition.message.len() <= MESSAGE_LIMIT, "messages stay short");
    }
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

/// At most `limit` bytes of a text, cut at a character boundary.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Time {
        Time(k8s_openapi::jiff::Timestamp::from_second(second).unwrap())
    }

    /// Type, status and reason of each condition.
    fn rows(conditions: &[Condition]) -> Vec<(&str, &str, &str)> {
        conditions.iter().map(|c| (&*c.type_, &*c.status, &*c.reason)).collect()
    }

    /// What kstatus makes of a resource, in its order of questions.
    fn kstatus(observed: i64, conditions: &[Condition], generation: i64) -> &'static str {
        if observed != generation || is_true(conditions, RECONCILING) {
            return "InProgress";
        }
        if is_true(conditions, STALLED) {
            return "Failed";
        }
        match find(conditions, READY) {
            Some(ready) if ready.status != "True" => "InProgress",
            _ => "Current",
        }
    }

    #[test]
    fn each_verdict_gives_its_row_of_the_truth_table() {
        let table = [
            (
                Verdict::Progressing,
                vec![("Ready", "Unknown", "Progressing"), ("Reconciling", "True", "Progressing")],
                "InProgress",
            ),
            (Verdict::Succeeded, vec![("Ready", "True", "Succeeded")], "Current"),
            (
                Verdict::Retrying(Reason::HttpServerError),
                vec![
                    ("Ready", "False", "HTTPServerError"),
                    ("Reconciling", "True", "ProgressingWithRetry"),
                    ("FetchFailed", "True", "HTTPServerError"),
                ],
                "InProgress",
            ),
            (
                Verdict::Stalled(Reason::UrlInvalid),
                vec![
                    ("Ready", "False", "URLInvalid"),
                    ("Stalled", "True", "URLInvalid"),
                    ("FetchFailed", "True", "URLInvalid"),
                ],
                "Failed",
            ),
            (
                Verdict::Waiting(Reason::ConfigMapNotFound),
                vec![("Ready", "False", "ConfigMapNotFound"), ("Reconciling", "True", "ProgressingWithRetry")],
                "InProgress",
            ),
        ];
        for (verdict, expected, seen_as) in table {
            let made = conditions(&[], &verdict, "why", 3, &at(1));
            assert_eq!(rows(&made), expected, "{verdict:?}");
            assert!(made.iter().all(|c| c.observed_generation == Some(3) && c.message == "why"));
            let observed = if verdict.observes() { 3 } else { 2 };
            assert_eq!(check(Some(observed), &made, 3), Ok(()), "{verdict:?}");
            assert_eq!(kstatus(observed, &made, 3), seen_as, "{verdict:?}");
        }
    }

    #[test]
    fn the_transition_time_moves_only_when_the_status_flips() {
        let first = conditions(&[], &Verdict::Retrying(Reason::TimedOut), "slow", 1, &at(10));
        let second = conditions(&first, &Verdict::Stalled(Reason::NotText), "a PDF", 2, &at(20));
        let time = |list: &[Condition], type_| find(list, type_).map(|c| c.last_transition_time.clone());
        assert_eq!(time(&second, READY), Some(at(10)), "still False, though for another reason");
        assert_eq!(time(&second, STALLED), Some(at(20)), "was not there before");
        let third = conditions(&second, &Verdict::Succeeded, "done", 2, &at(30));
        assert_eq!(time(&third, READY), Some(at(30)));
        assert_eq!(conditions(&third, &Verdict::Succeeded, "done", 2, &at(40)), third, "nothing changed");
    }

    #[test]
    fn the_oracle_notices_broken_rules() {
        let succeeded = conditions(&[], &Verdict::Succeeded, "", 2, &at(1));
        let retrying = conditions(&[], &Verdict::Retrying(Reason::TimedOut), "", 2, &at(1));
        let stalled = conditions(&[], &Verdict::Stalled(Reason::TooLarge), "", 2, &at(1));
        let both = [retrying.clone(), stalled.clone()].concat();
        let without_ready: Vec<_> = retrying.iter().filter(|c| c.type_ != READY).cloned().collect();
        let mut set_to_false = succeeded.clone();
        set_to_false.push(Condition { status: "False".into(), ..stalled[1].clone() });
        let mut other_message = retrying.clone();
        other_message[2].message = "another".into();
        for (name, observed, list, generation) in [
            ("never seen", -1, vec![], 1),
            ("ahead", 3, succeeded.clone(), 2),
            ("condition ahead", 1, succeeded.clone(), 1),
            ("ready for an older generation", 1, succeeded, 2),
            ("both", 2, both, 2),
            ("without ready", 2, without_ready, 2),
            ("set to false", 2, set_to_false, 2),
            ("stalled but not observed", 1, stalled, 2),
            ("other message", 1, other_message, 2),
        ] {
            assert!(check(Some(observed), &list, generation).is_err(), "{name}");
        }
    }

    fn verdicts() -> impl Strategy<Value = Verdict> {
        let reason = proptest::sample::select(Reason::ALL);
        prop_oneof![
            Just(Verdict::Progressing),
            Just(Verdict::Succeeded),
            reason.clone().prop_map(Verdict::Retrying),
            reason.clone().prop_map(Verdict::Stalled),
            reason.prop_map(Verdict::Waiting),
        ]
    }

    proptest! {
        #[test]
        fn any_history_keeps_the_rules(
            steps in proptest::collection::vec((verdicts(), any::<bool>(), ".{0,30}|[äß€]{600}"), 1..12)
        ) {
            let (mut generation, mut observed, mut list) = (1, -1, Vec::new());
            for (second, (verdict, edited, message)) in steps.iter().enumerate() {
                generation += i64::from(*edited);
                list = conditions(&list, verdict, message, generation, &at(second as i64));
                if verdict.observes() {
                    observed = generation;
                }
                prop_assert_eq!(check(Some(observed), &list, generation), Ok(()));
            }
        }
    }
}
