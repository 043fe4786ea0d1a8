//! What a file may say, and where it is wrong.

use super::*;

const GOOD: &str = "[data]\nsources = [{ path = \"a.csv\" }]\n\n[[approach]]\nsource = \"s.rs\"\n";

fn parse(text: &str) -> Result<ExploreFile, Failure> {
    ExploreFile::parse(Path::new("folder/x.toml"), text)
}

fn refused(text: &str) -> String {
    parse(text).err().map(|failure| failure.message).expect("it is refused")
}

#[test]
fn what_is_not_said_has_a_default() {
    let file = parse(GOOD).unwrap();
    let settings = &file.settings;
    assert_eq!((settings.num_approaches, settings.first(), settings.max_rounds), (4, 32, 5));
    assert_eq!(settings.timeout_per_approach.as_secs(), 180);
    assert!(settings.parallel_execution && settings.include_recommendation);
    assert_eq!((settings.threshold, settings.selection.rule.clone()), (0.1, Rule::Best));
    assert_eq!(file.approaches[0].name, "s", "an approach is called as its source");
    assert_eq!((file.criteria.len(), file.criteria[0].name.as_str()), (1, "sharpe"));
    assert!(file.sweep.is_grid(0), "it has nothing to vary");
    let varied = parse(&format!("{GOOD}params = {{ fast = {{ min = 1, max = 9 }} }}\n")).unwrap();
    assert!(!varied.sweep.is_grid(0), "points are drawn, so that there can be more of them");
    assert_eq!(file.sweep.source(0), Path::new("folder/s.rs"));
}

#[test]
fn a_search_that_is_named_is_kept() {
    let grid = parse(&GOOD.replace("source = \"s.rs\"", "source = \"s.rs\"\nsearch = \"grid\"")).unwrap();
    assert!(grid.sweep.is_grid(0));
    let drawn = GOOD.replace("source = \"s.rs\"", "source = \"s.rs\"\nsearch = \"random\"\nsamples = 7");
    assert_eq!(parse(&drawn).unwrap().sweep.samples(0), Some(7));
}

#[test]
fn more_approaches_than_are_explored_are_refused_with_what_to_do() {
    let more = |count: usize| {
        let entry = |number| format!("[[approach]]\nname = \"n{number}\"\nsource = \"s.rs\"\n");
        let entries: String = (1..count).map(entry).collect();
        format!("{GOOD}{entries}")
    };
    assert_eq!(parse(&more(4)).unwrap().approaches.len(), 4);
    let said = refused(&more(5));
    assert!(said.starts_with("folder/x.toml:15: there are 5 approaches, and at most 4"), "{said}");
    assert!(said.contains("raise `num_approaches`"), "{said}");
    assert!(parse(&format!("{}[explore]\nnum_approaches = 5\n", more(5))).is_ok());
    let said = refused(&format!("{}[explore]\nnum_approaches = 11\n", more(5)));
    assert!(said.contains("`num_approaches` is `11`: it must be from 1 to 10"), "{said}");
}

#[test]
fn mistakes_are_found_at_their_line() {
    for (more, expected) in [
        ("[[criterion]]\nfigure = \"sharp\"\n", "7: `figure` is `sharp`, which is no metric"),
        ("[[criterion]]\nfigure = \"sharpe\"\nweight = -1.0\n", "8: criterion `sharpe` has weight `-1`"),
        ("[[criterion]]\nfigure = \"sharpe\"\nfrom = 1.0\n", "7: criterion `sharpe`: give it both"),
        (
            "[[criterion]]\nfigure = \"sharpe\"\n[[criterion]]\nfigure = \"sharpe\"\n",
            "9: criterion `sharpe` is there twice",
        ),
        ("[[approach]]\nsource = \"b.rs\"\nname = \"s\"\n", "8: two approaches are called `s`"),
        ("[[approach]]\nsource = \"b.rs\"\nafter = [\"s\"]\n", "8: approaches do not wait"),
        ("scores = { sharpe = 1.0 }\n", "6: `sharpe` is measured"),
        ("[explore]\ntimeout_per_approach = 0\n", "7: `timeout_per_approach` is `0`"),
        ("[explore]\nvariants = 0\n", "7: `variants` is `0`"),
        ("[explore]\nvariants = { adaptive = { batch = 9, most = 3 } }\n", "7: `batch` is `9`"),
        ("[explore]\nselection = { chosen = [\"t\"] }\n", "7: `selection` chooses `t`"),
        ("[explore]\nselection = { chosen = [\"s\", \"s\"] }\n", "7: `selection` chooses `s` twice"),
        ("[explore]\nresources = \"fair\"\n", "7: "),
        ("[explore]\nlibrary = \"x\"\n", "7: `library` is for"),
        ("[explore]\nnum_aproaches = 3\n", "7: unknown field `num_aproaches`"),
        ("[halving]\neta = 2\n", "6: `halving` is for sweeps"),
        ("surce = 1\n", "6: unknown field `surce`"),
        (
            "scores = { taste = 30.0 }\n[[criterion]]\nfigure = \"taste\"\n",
            "8: approach `s` has a score of 30 for `taste`, which goes from 0 to 10",
        ),
    ] {
        let said = refused(&format!("{GOOD}{more}"));
        assert!(said.starts_with(&format!("folder/x.toml:{expected}")), "{more}: {said}");
    }
    assert!(refused("[data]\nsources = []\n").contains("no `[[approach]]`"));
    assert!(refused(&GOOD.replace("[[approach]]", "[approach]")).contains("with two brackets"));
}

#[test]
fn scores_from_outside_are_criteria_from_nought_to_ten() {
    let file = format!("{GOOD}scores = {{ care = 7 }}\n[[criterion]]\nfigure = \"care\"\n");
    let file = parse(&file).unwrap();
    assert_eq!(file.criteria[0].scale, Scale::Between { from: 0.0, to: 10.0 });
    assert_eq!(file.approaches[0].scores["care"], 7.0);
}

#[test]
fn an_approach_is_unchanged_wherever_in_the_file_it_stands() {
    let prints = |text: &str| parse(text).unwrap().approaches.remove(0).print;
    assert_eq!(prints(GOOD), prints(&GOOD.replace("[data]", "# a remark\n[data]")));
    assert_ne!(prints(GOOD), prints(&format!("{GOOD}priority = 3\n")));
}

#[test]
fn the_sources_of_a_library_are_approaches_in_the_order_of_their_names() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("lib")).unwrap();
    let text = "[data]\nsources = [{ path = \"a.csv\" }]\n[explore]\nnum_approaches = 2\n\
                approach_generation = \"automatic\"\nlibrary = \"lib\"\n";
    let path = dir.path().join("x.toml");
    let empty = ExploreFile::parse(&path, text).err().unwrap().message;
    assert!(empty.contains("x.toml:6: `library`") && empty.contains("no `.rs`"), "{empty}");
    for name in ["c.rs", "a.rs", "b.txt", "b.rs"] {
        std::fs::write(dir.path().join("lib").join(name), "").unwrap();
    }
    let file = ExploreFile::parse(&path, text).unwrap();
    let names: Vec<&str> = file.approaches.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(file.sweep.source(0), dir.path().join("lib/a.rs"));
}

#[test]
fn a_name_is_short_also_when_it_is_made_harmless() {
    let named = |name: &str| format!("{GOOD}name = \"{name}\"\n");
    assert!(parse(&named(&"x".repeat(100))).is_ok());
    assert!(refused(&named(&"x".repeat(101))).contains("`name` has 101 characters"));
    assert!(refused(&named(&"\\u001b".repeat(50))).contains("at most 100 are allowed"));
    assert!(refused(&named("  ")).contains("`name` is empty"));
    assert_eq!(parse(&GOOD.replace("s.rs", "")).unwrap().approaches[0].name, "nameless");
}
