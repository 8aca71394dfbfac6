//! What `make test-docs` makes of a page: which commands it performs, on which lines, and which output it accepts.

use testbed::documents::page::{self, Page};
use testbed::documents::pages;
use testbed::repository;

const PAGE: &str = r#"# A page

<!-- needs: operator -->
<!-- run: mkdir notes -->
Save this as `a.yaml`:

<!-- file: a.yaml -->
```yaml
apiVersion: confreports.dev/v1alpha1
```

1. In a list:

   ```sh
   kubectl apply \
     -f a.yaml
   ```

```console
$ kubectl get cfr \
    -o wide
NAME   AGE
a      5s
$ true # the end
```

<!-- not run: needs a moon -->
```sh
make moon
```

```yaml
apiVersion: v1
```
"#;

fn line(page: &Page, number: usize) -> &str {
    page.script.lines().nth(number - 1).unwrap()
}

#[test]
fn commands_stand_on_the_lines_that_they_have_in_the_page() {
    let page = Page::parse(PAGE).unwrap();
    assert_eq!(page.script.lines().count(), PAGE.lines().count());
    assert_eq!(line(&page, 4), "mkdir notes");
    assert!(line(&page, 8).ends_with("cat >'a.yaml' <<'END OF FILE'"), "{}", line(&page, 8));
    assert_eq!((line(&page, 9), line(&page, 10)), ("apiVersion: confreports.dev/v1alpha1", "END OF FILE"));
    assert_eq!((line(&page, 15), line(&page, 16)), ("kubectl apply \\", "  -f a.yaml"));
    assert_eq!((line(&page, 20), line(&page, 21)), ("{ kubectl get cfr \\", "    -o wide"));
    assert_eq!(line(&page, 22), "} >\"$OUTPUT/20\" 2>&1; ", "closed where the output begins");
    assert_eq!((line(&page, 23), line(&page, 24)), ("", "{ true # the end"));
    assert_eq!(line(&page, 25), "} >\"$OUTPUT/24\" 2>&1; ");
    assert!(!page.script.contains("moon"), "{}", page.script);
}

#[test]
fn a_page_tells_what_it_needs_shows_promises_and_leaves_out() {
    let page = Page::parse(PAGE).unwrap();
    assert!(page.needs_operator);
    assert_eq!(page.blocks, 2);
    assert_eq!(page.skipped, [(28, "needs a moon".to_owned())]);
    assert_eq!(page.promises, [(20, "NAME   AGE\na      5s\n".to_owned()), (24, String::new())]);
    assert_eq!(page.manifests, [(8, "apiVersion: confreports.dev/v1alpha1".to_owned())]);
}

#[test]
fn a_page_that_is_written_wrongly_is_refused_with_the_line() {
    for (text, expected) in [
        ("# A\n\n```sh\ntrue\n", "line 3: the block does not end"),
        ("# A\n\n```sh\ntrue\n\n```yaml\n```\n", "line 3: the block does not end"),
        ("# A\n<!-- file: x -->\n\n```sh\n```\n", "line 3: <!-- file: x --> should stand on the line before a block"),
        (
            "# A\n<!-- not run: x -->\n\n```sh\n```\n",
            "line 3: <!-- not run: x --> should stand on the line before a block",
        ),
    ] {
        assert_eq!(Page::parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn output_is_what_the_page_shows_but_for_spaces_ages_and_what_is_left_out() {
    let printed = "NAME  READY  AGE\nparis  True  12s\nrome   False  3m2s\nsha256:83330ac5 of Paris\n";
    for good in [
        "NAME READY AGE\nparis True 2s\n",
        "...\nrome False 5s\n",
        "paris ... 2s\nsha256:8333... of Paris",
        "paris ...\n\n...\n",
        "",
    ] {
        assert_eq!(page::missing(good, printed), None, "{good}");
    }
    for (bad, missing) in [
        ("paris False 2s\n", "paris False 2s"),
        ("rome False 5s\nparis True 2s\n", "paris True 2s"),
        ("paris True\n", "paris True"),
        ("paris True 12 s\n", "paris True 12 s"),
        ("NAME READY AGE 1s\n", "NAME READY AGE 1s"),
        ("sha256:9... of Paris", "sha256:9... of Paris"),
    ] {
        assert_eq!(page::missing(bad, printed), Some(missing), "{bad}");
    }
}

#[test]
fn every_page_can_be_read() {
    for path in pages(repository()).unwrap() {
        let text = std::fs::read_to_string(repository().join(&path)).unwrap();
        Page::parse(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    }
}
