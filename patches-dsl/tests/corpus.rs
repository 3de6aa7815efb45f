//! Texts and what becomes of them: good ones with their flat form, bad ones with exactly their faults.

mod common;

use common::{load_text, load_told};
use std::path::{Path, PathBuf};

fn texts(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is part of the sources");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "patches"));
    paths.sort();
    assert!(!paths.is_empty(), "no texts in {}", folder.display());
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().expect("a text has a name").to_string_lossy().into_owned()
}

/// A good text may hold several cases between lines of `---`; each is loaded alone, and shown where there are several.
#[test]
fn good_texts_have_no_errors_and_this_flat_form() {
    let (mut count, mut broken) = (0, String::new());
    for path in texts("good") {
        let text = std::fs::read_to_string(&path).expect("the text is part of the sources");
        let cases: Vec<&str> = text.split("\n---\n").collect();
        count += cases.len();
        let mut shown = String::new();
        for case in &cases {
            let loaded = load_text(case);
            if loaded.has_errors() {
                broken.push_str(&format!("{}:\n{case}\n{}", path.display(), loaded.render(false)));
            }
            if cases.len() > 1 {
                shown.push_str(&format!("{}\n=>\n", case.trim_end()));
            }
            shown.push_str(&loaded.graph.to_string());
            loaded.faults.iter().for_each(|f| shown.push_str(&format!("{}: {}\n", f.code, f.message)));
            if cases.len() > 1 {
                shown.push_str("----\n");
            }
        }
        insta::assert_snapshot!(format!("good_{}", name(&path)), shown);
    }
    assert!(broken.is_empty(), "{broken}");
    assert!(count >= 200, "only {count} good cases");
}

/// A bad text holds several cases between lines of `---`; each is loaded alone.
#[test]
fn bad_texts_have_exactly_these_faults() {
    let (mut count, mut fine) = (0, String::new());
    for path in texts("bad") {
        let text = std::fs::read_to_string(&path).expect("the text is part of the sources");
        let mut shown = String::new();
        for case in text.split("\n---\n") {
            count += 1;
            let loaded = load_told(case);
            if loaded.faults.is_empty() {
                fine.push_str(&format!("no fault in:\n{case}\n"));
            }
            shown.push_str(&loaded.render(false));
            shown.push_str("----\n");
        }
        insta::assert_snapshot!(format!("bad_{}", name(&path)), shown);
    }
    assert!(fine.is_empty(), "{fine}");
    assert!(count >= 120, "only {count} bad cases");
}
