//! Parses the flags and hands over; nothing else.
fn main() {
    for (_, m) in conference_report_operator::api::crd::manifests() {
        println!("{}", conference_report_operator::api::crd::to_yaml(&m).unwrap_or_default());
    }
}
