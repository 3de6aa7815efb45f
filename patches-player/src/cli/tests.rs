use super::*;
use clap::CommandFactory;

#[test]
fn the_commands_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_bare_file_is_played() {
    let bare = Cli::try_parse_from(["patches", "a.patches", "--json"]).expect("parses");
    assert!(bare.command.is_none());
    assert!(bare.how.json && bare.files == [PathBuf::from("a.patches")]);
    let named = Cli::try_parse_from(["patches", "play", "a.patches"]).expect("parses");
    assert!(matches!(named.command, Some(Command::Play(_))) && named.files.is_empty());
    let several = Cli::try_parse_from(["patches", "a.patches", "b.patches"]).expect("parses");
    assert_eq!(no_command(several.files).expect("files").len(), 2);
    let misplaced = Cli::try_parse_from(["patches", "a.patches", "check", "b.patches"]).expect("parses");
    assert!(no_command(misplaced.files).expect_err("wrong use").to_string().contains("`check` is a command"));
    let refused = |name: &str| no_command(vec![name.into()]).expect_err("wrong use").to_string();
    assert!(refused("frobnicate").contains("no command `frobnicate`"));
    assert!(refused("chek").contains("did you mean `patches check`?"));
}

#[test]
fn what_is_out_of_range_is_wrong_use() {
    for args in [
        &["play", "a", "--fade", "-1"][..],
        &["play", "a", "--swap", "soon"],
        &["play", "a", "--rate", "10"],
        &["play", "a", "--record", "take.flac"],
        &["play", "a", "--json", "--plain"],
        &["play", "--json"],
        &["render", "a", "-o", "a.wav", "--seconds", "0"],
        &["render", "a", "-o", "a.wav", "--seconds", "1", "--bars", "1"],
        &["render", "a", "-o", "a.wav", "--bars", "0"],
        &["render", "a", "-o", "a.wav", "--seconds", "1", "--tail", "-1"],
        &["render", "a", "-o", "a.wav", "--seconds", "1", "--bits", "32"],
        &["replay", "a", "-o", "a.wav", "--from", "bar:0"],
        &["replay", "a", "-o", "a.wav", "--from", "soon"],
        &["replay", "a", "-o", "a.wav", "--replace", "texts/0001.patches"],
        &["completions", "cmd"],
    ] {
        let error = Cli::try_parse_from(["patches"].iter().chain(args)).expect_err("refused");
        assert_eq!(error.exit_code(), 2, "{args:?}");
    }
}

/// The command lines of a help text.
fn examples(help: &str) -> Vec<Vec<&str>> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("  patches"));
    // What is explained stands behind several spaces; what is redirected is no part of the command.
    let command = |line: &'_ str| line.find("   ").or_else(|| line.find(['<', '>'])).unwrap_or(line.len());
    lines.map(|line| line[..command(line)].split_whitespace().collect()).collect()
}

#[test]
fn every_command_has_examples_that_are_right() {
    let whole = Cli::command();
    for command in std::iter::once(&whole).chain(whole.get_subcommands()) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{} has no example", command.get_name());
        for example in examples {
            let parsed = Cli::try_parse_from(["patches"].into_iter().chain(example.iter().copied()));
            assert!(parsed.is_ok(), "{}: {example:?}: {parsed:?}", command.get_name());
        }
    }
}

#[test]
fn the_manual_page_has_every_command_and_flag() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/manual/player.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let mut whole = Cli::command();
    whole.build();
    for command in whole.get_subcommands().filter(|command| command.get_name() != "help") {
        assert!(page.contains(&format!("`patches {}", command.get_name())), "{}", command.get_name());
        for flag in command.get_arguments().filter(|arg| !arg.is_positional() && arg.get_id() != "help") {
            let long = flag.get_long().map(|long| format!("--{long}"));
            let short = flag.get_short().map(|short| format!(" -{short} "));
            let told = long.iter().chain(&short).any(|flag| page.contains(flag));
            assert!(told, "{} {long:?}", command.get_name());
        }
    }
}

/// The command lines in the shell blocks of a page.
fn typed(page: &str) -> Vec<Vec<&str>> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let own = |line: &'_ str| line.find('#').unwrap_or(line.len());
    blocks
        .flat_map(str::lines)
        .map(|line| line.trim().trim_start_matches("./"))
        .filter_map(|line| line.strip_prefix("patches "))
        .map(|line| line[..own(line)].split_whitespace().collect())
        .collect()
}

#[test]
fn every_command_line_of_the_manual_is_right() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut count = 0;
    for page in ["README.md", "docs/manual/tutorial.md", "docs/manual/troubleshooting.md", "examples/set/README.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("the page");
        for line in typed(&text) {
            let parsed = Cli::try_parse_from(["patches"].into_iter().chain(line.iter().copied()));
            assert!(parsed.is_ok(), "{page}: {line:?}: {parsed:?}");
            count += 1;
        }
    }
    assert!(count >= 15, "only {count} lines were found");
}
