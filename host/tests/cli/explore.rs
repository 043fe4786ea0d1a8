//! `stratbox explore`: approaches side by side, whatever becomes of each of them.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::{Ran, command, folder, stratbox, write};

/// What everything begins with: bars, an objective that short runs have, and gates that some pass.
const HEAD: &str = "objective = \"total_return\"\n[data]\nsources = [{ path = \"a.csv\" }]\n\
                    [[gate]]\nfigure = \"total_return\"\nat_least = 0.0\n";

/// An approach that buys up to so many units.
fn approach(name: &str, units: &str) -> String {
    format!("[[approach]]\nname = \"{name}\"\nsource = \"probe.rs\"\n[approach.params]\nunits = {units}\n")
}

fn three() -> String {
    let [small, middle, large] =
        [(1, 9), (10, 99), (100, 1000)].map(|(min, max)| format!("{{ min = {min}, max = {max} }}"));
    format!("{HEAD}{}{}{}", approach("small", &small), approach("middle", &middle), approach("large", &large))
}

fn explore(dir: &Path, file: &str, words: &str) -> Ran {
    write(dir, "x.toml", file);
    stratbox(dir, &format!("explore x.toml {words}"))
}

fn report(dir: &Path, file: &str) -> Value {
    explore(dir, file, "--format json").ok().json()
}

fn of<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["approaches"].as_array().expect("it is a list");
    all.iter().find(|it| it["approach"] == name).unwrap_or_else(|| panic!("there is no {name}: {report}"))
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array()
        .expect("it is a list")
        .iter()
        .map(|row| row["name"].as_str().expect("it is text"))
        .collect()
}

/// Without what is about time, and the numbers of experiments.
fn timeless(mut report: Value) -> Value {
    for key in ["times", "rounds", "beliefs"] {
        report[key].take();
    }
    report
}

#[test]
fn three_ideas_are_compared_and_one_is_recommended() {
    let dir = folder();
    let file = format!("problem = \"which size\"\n{}[explore]\nvariants = 8\nthreshold = 0.0\n", three());
    let report = report(dir.path(), &file);
    assert_eq!(
        (&report["exploration"]["name"], &report["exploration"]["problem"]),
        (&json!("x"), &json!("which size"))
    );
    for name in ["small", "middle", "large"] {
        let approach = of(&report, name);
        assert_eq!(
            (&approach["state"], &approach["variants"], &approach["completed"]),
            (&json!("completed"), &json!(8), &json!(8))
        );
        assert_eq!(approach["best"]["run_key"].as_str().unwrap().len(), 64);
        let verdict = &approach["verdict"];
        assert!(verdict["accepted"].is_boolean() && approach["best"]["metrics"].is_object());
        assert_eq!(verdict["fingerprint"], approach["best"]["run_key"]);
        assert_eq!(verdict["trials"], report["trials"]);
        let split = verdict["split"].as_str().unwrap();
        assert!(split.starts_with("what choosing reads: "), "{split}");
    }
    let comparison = &report["comparison"];
    let rows = names(&comparison["rows"]);
    assert_eq!(rows.len(), 3);
    assert_eq!(comparison["recommendation"]["best"], rows[0]);
    assert_eq!(report["selection"]["chosen"][0]["name"], rows[0]);
    assert_eq!(report["selection"]["trials"], report["trials"]);
    assert_eq!(report["accepted"], of(&report, rows[0])["verdict"]["accepted"]);
    // The experiment is one like any other.
    let shown = stratbox(dir.path(), "experiments show 1 --format json").ok().json();
    assert_eq!((&shown["status"], &shown["name"]), (&json!("completed"), &json!("x (round 1)")));
}

#[test]
fn people_get_the_approaches_the_comparison_and_what_to_make_of_it() {
    let dir = folder();
    let human = explore(dir.path(), &three(), "--top 2").ok().stdout;
    for part in [
        "exploration x, ranked by total_return",
        "middle",
        "trade-offs",
        "recommendation",
        "selected, out of",
        "round 1 (experiment 1)",
        "no further round",
        "s saved",
    ] {
        assert!(human.contains(part), "{part}: {human}");
    }
    let matrix = explore(dir.path(), &format!("{}[explore]\ncomparison_format = \"matrix\"\n", three()), "")
        .ok()
        .stdout;
    assert!(matrix.contains("candidate") && !matrix.contains("trade-offs"), "{matrix}");
}

#[test]
fn an_approach_that_cannot_be_used_is_shown_with_its_reason_and_the_others_go_on() {
    let dir = folder();
    write(dir.path(), "broken.rs", "this is no source");
    let broken = "[[approach]]\nsource = \"broken.rs\"\n";
    let unknown = approach("unknown", "1") + "speed = 3\n";
    let faulty = "[[approach]]\nname = \"faulty\"\nsource = \"probe.rs\"\n[approach.params]\nmode = [\"panic\"]\nunits = { min = 1, max = 9 }\n";
    let file = format!(
        "{HEAD}{broken}{unknown}{faulty}{}[explore]\nvariants = 3\n",
        approach("good", "{ min = 1, max = 9 }")
    );
    let report = report(dir.path(), &file);
    assert_eq!(of(&report, "broken")["state"], "failed");
    let reason = of(&report, "broken")["reason"].as_str().unwrap();
    assert!(reason.starts_with("x.toml:8: ") && reason.contains("does not compile"), "{reason}");
    assert!(of(&report, "unknown")["reason"].as_str().unwrap().contains("no parameter `speed`"), "{report}");
    let faulty = of(&report, "faulty");
    assert_eq!((&faulty["state"], &faulty["faulted"]), (&json!("faulted"), &json!(3)));
    assert!(faulty["reason"].as_str().unwrap().contains("3 ended with `panic`: "), "{faulty}");
    assert_eq!(
        (&of(&report, "good")["state"], &report["comparison"]["recommendation"]["best"]),
        (&json!("completed"), &json!("good"))
    );
    assert_eq!(
        names(&report["comparison"]["rows"]),
        ["good", "broken", "faulty", "unknown"],
        "the others come last"
    );
}

#[test]
fn when_none_can_be_used_nobody_is_recommended() {
    let dir = folder();
    write(dir.path(), "broken.rs", "this is no source");
    let ran = explore(dir.path(), &format!("{HEAD}[[approach]]\nsource = \"broken.rs\"\n"), "--format json");
    // As a sweep of nothing but faults does.
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("nothing can be recommended: no approach has a variant"), "{}", ran.stderr);
    let report = ran.json();
    assert_eq!((&report["accepted"], &report["selection"]), (&json!(false), &Value::Null));
    assert_eq!(
        (&report["rounds"], &report["comparison"]["recommendation"]["best"]),
        (&json!([]), &Value::Null)
    );
}

#[test]
fn an_approach_whose_time_is_used_up_keeps_what_it_has_and_the_others_go_on() {
    let dir = folder();
    stratbox(dir.path(), "build probe.rs").ok();
    // Each of them takes a second, unless something is wrong with the clock.
    let endless = "[[approach]]\nname = \"endless\"\nsource = \"probe.rs\"\ntimeout = 3\nsearch = \"grid\"\n\
                   [approach.params]\nmode = \"spin\"\nunits = { min = 0, max = 1000 }\nshare = {}\n";
    let late = "[[approach]]\nname = \"late\"\nsource = \"probe.rs\"\ntimeout = 1e-9\n\
                [approach.params]\nunits = { min = 1, max = 9 }\n";
    let limits = "[limits]\nfuel = 1000000000000000000\nfuel_per_bar = 1000000000000000000\nwall_ms = 1000\n";
    let file = format!(
        "{HEAD}{limits}{endless}{late}{}[explore]\nvariants = 4\n",
        approach("quick", "{ min = 1, max = 9 }")
    );
    let report = report(dir.path(), &file);
    let endless = of(&report, "endless");
    assert_eq!((&endless["state"], &endless["variants"]), (&json!("timed_out"), &json!(55)), "{endless}");
    assert!(endless["interrupted"].as_u64().unwrap() < 10, "{endless}");
    assert_eq!(of(&report, "late")["reason"], "timed out after 0 of 4 variants");
    let quick = of(&report, "quick");
    assert_eq!((&quick["state"], &quick["completed"]), (&json!("completed"), &json!(4)));
    assert_eq!(report["comparison"]["recommendation"]["best"], "quick");
    let shown = stratbox(dir.path(), "experiments show 1").ok().stdout;
    assert!(
        shown.contains("completed") && shown.contains("`late` timed out after 0 of 4 variants"),
        "{shown}"
    );
}

/// Of which no run comes to its end by itself.
fn endless() -> String {
    let limits = "[limits]\nfuel = 1000000000000000000\nfuel_per_bar = 1000000000000000000\nwall_ms = 1000\n";
    let own = "[[approach]]\nname = \"endless\"\nsource = \"probe.rs\"\nsearch = \"grid\"\n[approach.params]\n\
               mode = \"spin\"\n";
    format!("{limits}{own}")
}

#[test]
fn what_was_never_begun_is_run_by_nobody_who_judges() {
    let dir = folder();
    let late = approach("late", "{ min = 1, max = 9 }").replace("name =", "timeout = 1e-9\nname =");
    let quick = approach("quick", "{ min = 10, max = 99 }");
    let report = report(dir.path(), &format!("{HEAD}{late}{quick}[explore]\nvariants = 4\n"));
    assert_eq!(of(&report, "late")["reason"], "timed out after 0 of 4 variants");
    let sampled = |trials: &Value| {
        (
            trials["sampled"].as_u64().unwrap() + trials["without_series"].as_u64().unwrap(),
            trials["total"].clone(),
        )
    };
    assert_eq!(sampled(&report["beliefs"][0]["trials"]), (4, json!(4)));
    let judged = stratbox(dir.path(), "judge 1 --format json").ok().json();
    assert_eq!(sampled(&judged["belief"]["trials"]), (4, json!(4)));
    assert_eq!(judged["not_tried"], 4);
}

#[test]
fn more_time_makes_no_other_results() {
    let dir = folder();
    let file =
        |timeout: u32| format!("{}[explore]\nvariants = 4\ntimeout_per_approach = {timeout}\n", three());
    let (first, again) = (report(dir.path(), &file(50)), report(dir.path(), &file(500)));
    assert_eq!(first["leaders"], again["leaders"]);
    assert_eq!((&first["trials"], &again["trials"]), (&json!(12), &json!(12)));
    let shown = stratbox(dir.path(), "experiments show 2 --format json").ok().json();
    assert_eq!(shown["counts"]["reused"].as_u64().or(shown["reused"].as_u64()), Some(12), "{shown}");
}

#[test]
fn what_was_interrupted_for_good_is_not_run_again_before_somebody_explores_again() {
    let dir = folder();
    let strict = HEAD.replace("at_least = 0.0", "at_least = 1000.0");
    let good = approach("good", "{ min = 1, max = 1000 }");
    let settings = "[explore]\nvariants = 2\nif_none_pass = \"new_variants\"\nmax_rounds = 2\n";
    let file = format!("{strict}{}{good}{settings}", endless());
    let first = report(dir.path(), &file);
    assert_eq!(first["rounds"].as_array().unwrap().len(), 2);
    let lost = of(&first, "endless");
    assert_eq!((&lost["state"], &lost["interrupted"]), (&json!("faulted"), &json!(1)));
    assert_eq!(lost["reason"], "none of 1 variant completed; 1 was interrupted by `timeout`");
    assert_eq!(first["trials"], 4 + 2, "two attempts at it, in the first round");
    assert_eq!(report(dir.path(), &file)["trials"], 4 + 2 + 2, "and two when it is tried again");
}

#[test]
fn when_the_first_by_the_criteria_did_not_pass_it_is_said_who_did() {
    let dir = folder();
    let file = three()
        .replace("at_least = 0.0", "at_least = 0.001")
        .replace("name = \"small\"", "name = \"small\"\nscores = { beauty = 9 }");
    let report =
        report(dir.path(), &format!("{file}[[criterion]]\nfigure = \"beauty\"\n[explore]\nvariants = 4\n"));
    let said = report["comparison"]["recommendation"]["sentences"][0].as_str().unwrap();
    assert!(said.starts_with("`small`, the first by the criteria, does not deserve belief yet"), "{said}");
    assert!(said.contains("total_return") && said.contains("`large` did"), "{said}");
    assert_eq!(report["accepted"], false);
}

#[test]
fn one_that_varies_nothing_runs_as_it_is() {
    let dir = folder();
    let plain = "[[approach]]\nname = \"plain\"\nsource = \"probe.rs\"\n";
    let report = report(dir.path(), &format!("{HEAD}{plain}{}", approach("varied", "[2, 3]")));
    let plain = of(&report, "plain");
    assert_eq!((&plain["state"], &plain["variants"]), (&json!("completed"), &json!(1)), "{plain}");
    assert_eq!(plain["best"]["params"]["units"], 1, "its default");
}

#[test]
fn all_that_is_written_has_a_file_of_its_own() {
    let dir = folder();
    for words in ["--out r --markdown r", "--events r --markdown ./r", "--events r --out r"] {
        let refused = explore(dir.path(), &three(), words);
        assert!(refused.refused(2).contains("name the same file"), "{words}: {}", refused.stderr);
    }
    explore(dir.path(), &format!("{}[explore]\nvariants = 1\n", three()), "--events e --out o --markdown m")
        .ok();
}

#[test]
fn more_approaches_than_asked_for_and_criteria_that_nobody_knows_are_refused_where_they_stand() {
    let dir = folder();
    let file = format!("{}[explore]\nnum_approaches = 2\n", three());
    let refused = explore(dir.path(), &file, "");
    assert!(
        refused.refused(2).contains("x.toml:17: there are 3 approaches, and at most 2"),
        "{}",
        refused.stderr
    );
    let file = format!("{}[[criterion]]\nfigure = \"beauty\"\n", three());
    let refused = explore(dir.path(), &file, "");
    assert!(refused.refused(2).contains("x.toml:23: `figure` is `beauty`"), "{}", refused.stderr);
    let scored = three().replace("name = \"small\"", "name = \"small\"\nscores = { beauty = 7 }");
    let report =
        report(dir.path(), &format!("{scored}[[criterion]]\nfigure = \"beauty\"\n[explore]\nvariants = 2\n"));
    let rows = &report["comparison"]["rows"];
    assert_eq!(
        (names(rows)[0], &rows[0]["total"]),
        ("small", &json!(0.7)),
        "it is a criterion once it is a score"
    );
}

#[test]
fn the_same_file_gives_the_same_document_apart_from_times() {
    let file = format!("{}[explore]\nvariants = 6\nselection = {{ top_k = 2 }}\n", three());
    let [one, two] = [folder(), folder()];
    let first = report(one.path(), &file);
    let other = explore(two.path(), &file, "--format json -j 1").ok().json();
    assert_eq!(timeless(first.clone()), timeless(other));
    let again = report(one.path(), &file);
    assert_eq!(timeless(first), timeless(again), "and when all is answered from the workspace");
}

#[test]
fn one_that_is_killed_and_asked_again_chooses_the_same_and_counts_no_trial_twice() {
    let file = format!("{}[explore]\nvariants = 40\n", three());
    let (whole, dir) = (folder(), folder());
    let expected = report(whole.path(), &file);
    write(dir.path(), "x.toml", &file);
    let mut child = command(dir.path())
        .args(["explore", "x.toml", "-j", "1", "--events", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut events = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut happened = String::new();
    while happened.matches("variant_settled").count() < 10 {
        assert!(events.read_line(&mut happened).expect("it is UTF-8") > 0, "it ended early: {happened}");
    }
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
    let again = report(dir.path(), &file);
    assert_eq!(timeless(expected), timeless(again.clone()));
    assert_eq!(again["trials"], 9 + 40 + 40, "the space of one has no more");
}

#[test]
fn more_is_tried_while_none_passes_and_what_was_tried_is_not_run_again() {
    let dir = folder();
    let strict = three().replace("at_least = 0.0", "at_least = 1000.0");
    let file = format!("{strict}[explore]\nvariants = 4\nif_none_pass = \"new_variants\"\nmax_rounds = 3\n");
    let report = report(dir.path(), &file);
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 3, "{rounds:?}");
    assert_eq!(
        (&of(&report, "small")["variants"], &of(&report, "large")["variants"]),
        (&json!(9), &json!(12)),
        "a space has an end"
    );
    assert_eq!((&report["accepted"], &report["trials"]), (&json!(false), &json!(33)));
    let human = explore(dir.path(), &file, "").ok().stdout;
    assert!(human.contains("; it did not pass its gates"), "{human}");
    let said = report["comparison"]["recommendation"]["sentences"][0].as_str().unwrap();
    assert!(
        said.starts_with("Nothing here deserves belief yet: ") && said.contains("total_return"),
        "{said}"
    );
    let shown = stratbox(dir.path(), "experiments show 3 --format json").ok().json();
    assert_eq!(shown["counts"]["reused"].as_u64().or(shown["reused"].as_u64()), Some(24), "{shown}");
}

#[test]
fn the_best_is_refined_where_that_is_asked_for() {
    let dir = folder();
    let strict = three().replace("at_least = 0.0", "at_least = 1000.0");
    let file = format!("{strict}[explore]\nvariants = 4\nif_none_pass = \"refine_best\"\nmax_rounds = 2\n");
    let report = report(dir.path(), &file);
    let refined: Vec<&Value> =
        report["approaches"].as_array().unwrap().iter().filter(|it| it["variants"] == 8).collect();
    assert_eq!((report["rounds"].as_array().unwrap().len(), refined.len()), (2, 1), "{report}");
}

#[test]
fn other_ideas_are_asked_for_where_that_is_what_is_wanted() {
    let dir = folder();
    let strict = three().replace("at_least = 0.0", "at_least = 1000.0");
    let report =
        report(dir.path(), &format!("{strict}[explore]\nvariants = 2\nif_none_pass = \"research\"\n"));
    assert_eq!((&report["next"], report["rounds"].as_array().unwrap().len()), (&json!("research"), 1));
}

#[test]
fn variants_are_added_while_the_best_moves_and_shares_are_moved_to_the_better_ones() {
    let dir = folder();
    let file = format!(
        "{}[explore]\nvariants = {{ adaptive = {{ batch = 2, most = 6, patience = 3 }} }}\n",
        three()
    );
    let adaptive = report(dir.path(), &file);
    assert_eq!(of(&adaptive, "large")["variants"], 6);
    assert_eq!(adaptive["rounds"].as_array().unwrap().len(), 3);
    let file = format!("{}[explore]\nvariants = 3\nresources = {{ reallocated = {{ eta = 2 }} }}\n", three());
    let halved = report(dir.path(), &file);
    let mut variants: Vec<u64> = ["small", "middle", "large"]
        .iter()
        .map(|name| of(&halved, name)["variants"].as_u64().unwrap())
        .collect();
    variants.sort_unstable();
    assert_eq!(variants[0], 3, "who is left behind gets no more: {variants:?}");
    assert!(variants[2] > variants[1], "{variants:?}");
}

#[test]
fn each_approach_is_an_experiment_of_its_own_when_the_hierarchy_is_flat() {
    let dir = folder();
    let flat = report(
        dir.path(),
        &format!("{}[explore]\nvariants = 4\nhierarchy = \"flat\"\nparallel_execution = false\n", three()),
    );
    assert_eq!(flat["rounds"][0]["experiments"], json!([1, 2, 3]));
    let other = folder();
    let hierarchical = report(other.path(), &format!("{}[explore]\nvariants = 4\n", three()));
    assert_eq!(names(&flat["comparison"]["rows"]), names(&hierarchical["comparison"]["rows"]));
    for name in ["small", "middle", "large"] {
        let figures = |report: &Value| of(report, name)["figures"].clone();
        assert!(figures(&flat)["pbo"]["value"].is_number(), "{flat}");
        assert_eq!(figures(&flat), figures(&hierarchical), "{name} is judged among all of them");
    }
}

#[test]
fn the_sources_of_a_library_are_explored_over_all_that_they_declare() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("lib")).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-strategies/sma_cross.rs");
    std::fs::copy(example, dir.path().join("lib/sma.rs")).unwrap();
    write(dir.path(), "lib/another.rs", "no source");
    let file =
        format!("{HEAD}[explore]\nvariants = 5\napproach_generation = \"automatic\"\nlibrary = \"lib\"\n");
    let report = report(dir.path(), &file);
    assert_eq!(
        (&of(&report, "another")["state"], &of(&report, "sma")["variants"]),
        (&json!("failed"), &json!(5))
    );
}

#[test]
fn what_happens_is_told_between_what_the_experiments_tell() {
    let dir = folder();
    explore(dir.path(), &format!("{}[explore]\nvariants = 2\n", three()), "--events e.jsonl").ok();
    let text = std::fs::read_to_string(dir.path().join("e.jsonl")).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let own: Vec<&Value> = events.iter().filter(|event| event["exploration"] == "x").collect();
    let kinds: Vec<&str> = own.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let expected = [
        "exploration.start",
        "approach.generated",
        "approach.generated",
        "approach.generated",
        "approach.start",
        "approach.start",
        "approach.start",
        "approach.complete",
        "approach.complete",
        "approach.complete",
        "evaluation.complete",
    ];
    assert_eq!(kinds, expected);
    assert!((1..).zip(&own).all(|(seq, event): (u64, _)| event["seq"] == seq), "{own:?}");
    assert_eq!(own[7]["scores"].as_object().unwrap().len(), 1);
    assert_eq!(own[10]["comparison_matrix"].as_array().unwrap().len(), 3);
    let of_experiments = events.iter().filter(|event| event["experiment"] == 1).count();
    assert_eq!(of_experiments, events.len() - own.len());
    assert!(of_experiments > 6);
}

#[test]
#[cfg(unix)]
fn an_approach_that_is_added_while_it_runs_joins_in_a_round_of_its_own() {
    use std::fs::File;
    let dir = folder();
    let file = format!("{}[explore]\nvariants = 3\n", three());
    write(dir.path(), "x.toml", &file);
    let pipe = dir.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let child = command(dir.path())
        .args(["explore", "x.toml", "--format", "json", "--events", "pipe"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Whoever opens the pipe waits for the other: what is told before the first round is read to its end, and the first round
    // cannot end before somebody listens to it.
    let mut told = String::new();
    File::open(&pipe).unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("approach.start"), "{told}");
    let changed = file.replace("name = \"middle\"", "name = \"middle\"\ndescription = \"other words\"");
    write(dir.path(), "x.new", &format!("{changed}{}", approach("late", "[0]")));
    std::fs::rename(dir.path().join("x.new"), dir.path().join("x.toml")).unwrap();
    let listening = File::options().read(true).write(true).open(&pipe).unwrap();
    let listener = std::thread::spawn(move || {
        BufReader::new(listening)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("evaluation.complete"))
    });
    let ran = Ran::of(child.wait_with_output().expect("it ends")).ok();
    let report = ran.json();
    assert_eq!(
        (&of(&report, "late")["state"], &of(&report, "late")["variants"]),
        (&json!("completed"), &json!(1))
    );
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!((rounds.len(), &rounds[1]["approaches"]), (2, &json!({"late": 1})));
    assert_eq!(report["trials"], 9 + 1, "what was tried before is answered from the store");
    assert!(ran.stderr.contains("added to the file: `late`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`middle` was changed in the file, and goes on as it was"), "{}", ran.stderr);
    assert!(listener.join().unwrap().unwrap().contains("\"late\""));
}

#[test]
fn names_and_texts_of_strangers_are_nothing_but_text_in_markdown() {
    let dir = folder();
    let name = r#"name = "<script>|`x`\n# owned [a](b)""#;
    let hostile =
        three().replace("name = \"small\"", &format!("{name}\ndescription = \"</td><img src=x>\\u001b[2J\""));
    explore(
        dir.path(),
        &format!("{hostile}[explore]\nvariants = 2\ninclude_code_samples = true\n"),
        "--markdown out.md",
    )
    .ok();
    let text = std::fs::read_to_string(dir.path().join("out.md")).unwrap();
    let words = text.split("## Source of what is recommended").next().unwrap();
    assert!(!words.contains("<script>") && !words.contains("<img") && !words.contains('\u{1b}'), "{words}");
    assert!(!words.lines().any(|line| line.starts_with("# owned")), "{words}");
    assert!(words.contains("&lt;script&gt;") && !words.contains("[a](b)"), "{words}");
    let tables: Vec<&str> = words.lines().filter(|line| line.starts_with('|')).collect();
    let columns = |line: &&str| line.replace("\\|", "").matches('|').count();
    assert!(
        tables.len() >= 5 && tables.iter().all(|line| columns(line) == columns(&tables[0])),
        "{tables:?}"
    );
    assert!(text.contains("```rust\n"), "the source is shown where it was asked for");
}

#[test]
fn the_example_runs_as_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-strategies/explore.toml");
    let report = stratbox(dir.path(), &format!("explore {} --format json", example.display())).ok().json();
    assert_eq!(names(&report["comparison"]["rows"]).len(), 3);
    assert_eq!(report["trials"], 96);
}

#[test]
#[cfg(unix)]
fn ctrl_c_pauses_it_and_says_how_to_go_on() {
    let dir = folder();
    let endless = "[[approach]]\nname = \"endless\"\nsource = \"probe.rs\"\nsearch = \"grid\"\n\
                   [approach.params]\nmode = \"spin\"\nunits = { min = 0, max = 1000 }\n";
    let limits = "[limits]\nfuel = 1000000000000000000\nfuel_per_bar = 1000000000000000000\n";
    write(dir.path(), "x.toml", &format!("{HEAD}{limits}{endless}"));
    let mut child = command(dir.path())
        .args(["explore", "x.toml", "-j", "1", "--grace", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    while !said.contains("running 11 variants on 1 worker") {
        assert!(stderr.read_line(&mut said).expect("it is UTF-8") > 0, "it ended early: {said}");
    }
    crate::ctrl_c::press_ctrl_c(&child);
    stderr.read_to_string(&mut said).expect("it is UTF-8");
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 130, "{said}");
    assert!(said.contains("keeps what is done, and `stratbox explore x.toml"), "{said}");
    assert!(ran.stdout.contains("Ctrl-C: what is done is kept"), "{}", ran.stdout);
    assert!(ran.stdout.contains("to go on: stratbox explore x.toml"), "{}", ran.stdout);
    assert!(ran.stdout.contains("interrupted") && !ran.stdout.contains("recommendation"), "{}", ran.stdout);
}

#[test]
fn those_after_one_that_timed_out_go_on_also_when_one_runs_after_the_other() {
    let dir = folder();
    let late = approach("late", "{ min = 1, max = 9 }").replace("name =", "timeout = 1e-9\nname =");
    let quick = approach("quick", "{ min = 1, max = 9 }");
    let file = format!("{HEAD}{late}{quick}[explore]\nvariants = 3\nparallel_execution = false\n");
    let report = report(dir.path(), &file);
    assert_eq!(
        (&of(&report, "late")["state"], &of(&report, "quick")["state"]),
        (&json!("timed_out"), &json!("completed"))
    );
    assert_eq!(report["trials"], 3, "what never ran is no trial");
}

#[test]
fn a_validation_part_is_run_for_the_best_of_each_and_a_holdout_is_kept_from_all() {
    let dir = folder();
    let split = "[split]\nvalidation = 0.2\nholdout = { from = 2020-02-06 }\n";
    let file = format!("{}{split}[explore]\nvariants = 2\n", three());
    let explored = explore(dir.path(), &file, "--format json");
    let report = explored.ok().json();
    for name in ["small", "middle", "large"] {
        assert_eq!(of(&report, name)["validation"]["runs"][0]["outcome"], "completed");
    }
    let held = stratbox(dir.path(), "holdout show 1 --format json").ok().json();
    assert_eq!(held["holdout"]["looks"], json!([]));
}
