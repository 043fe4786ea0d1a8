//! Splits, dividends and adjusted closes.

use stratbox_domain::{Bar, BarSource};
use stratbox_market::{Adjust, Inspection, Partial, SourceOptions};

use crate::{Folder, bars, with};

const DAYS: &str = "date,open,high,low,close,volume\n\
                    2024-01-02,100,110,90,100,10\n\
                    2024-01-03,100,110,75,80,20\n\
                    2024-01-04,40,44,36,40,30\n\
                    2024-01-05,40,44,36,42,40\n";

fn open(folder: &Folder, actions: &str, adjust: Adjust) -> Result<Vec<Bar>, String> {
    let actions = folder.write("actions.csv", actions).path;
    let source = with(folder.write("x.csv", DAYS), |options| {
        (options.actions, options.adjust) = (Some(actions), Some(adjust));
    });
    folder.open(&[source]).map(|dataset| bars(&dataset)).map_err(|error| error.to_string())
}

fn closes(actions: &str, adjust: Adjust) -> Vec<f64> {
    open(&Folder::new(), actions, adjust).unwrap().iter().map(|bar| bar.close).collect()
}

#[test]
fn a_split_divides_the_prices_before_it_and_multiplies_the_volumes() {
    let bars = open(&Folder::new(), "date,kind,value\n2024-01-04,split,2\n", Adjust::Splits).unwrap();
    let volumes: Vec<f64> = bars.iter().map(|bar| bar.volume).collect();
    assert_eq!(bars.iter().map(|bar| bar.close).collect::<Vec<_>>(), [50.0, 40.0, 40.0, 42.0]);
    assert_eq!(volumes, [20.0, 40.0, 30.0, 40.0]);
    assert_eq!((bars[0].open, bars[0].high, bars[0].low), (50.0, 55.0, 45.0));
    assert_eq!(closes("date,kind,value\n2024-01-04,split,2:1\n", Adjust::Splits), [50.0, 40.0, 40.0, 42.0]);
    assert_eq!(closes("date,kind,value\n2024-01-04,split,1:4\n", Adjust::Splits), [400.0, 320.0, 40.0, 42.0]);
}

#[test]
fn a_dividend_takes_its_share_of_the_close_before_it() {
    let actions = "date,kind,value\n2024-01-05,dividend,4\n";
    // 1 - 4/40.
    assert_eq!(closes(actions, Adjust::SplitsAndDividends), [100.0 * 0.9, 80.0 * 0.9, 40.0 * 0.9, 42.0]);
    assert_eq!(closes(actions, Adjust::Splits), [100.0, 80.0, 40.0, 42.0]);
    assert_eq!(closes(actions, Adjust::None), [100.0, 80.0, 40.0, 42.0]);
}

#[test]
fn a_dividend_on_the_day_of_a_split_is_of_the_shares_after_it() {
    let actions = "date,kind,value\n2024-01-04,dividend,4\n2024-01-04,split,2\n";
    // The close before, 80, is 40 of the new shares: 1 - 4/40.
    assert_eq!(
        closes(actions, Adjust::SplitsAndDividends),
        [100.0 * (0.9 / 2.0), 80.0 * (0.9 / 2.0), 40.0, 42.0]
    );
}

#[test]
fn what_happened_before_the_first_bar_or_after_the_last_changes_nothing() {
    let actions = "date,kind,value\n2023-01-04,split,2\n2024-01-02,dividend,1\n2025-01-04,split,2\n";
    assert_eq!(closes(actions, Adjust::SplitsAndDividends), [100.0, 80.0, 40.0, 42.0]);
}

#[test]
fn a_day_without_a_bar_counts_from_the_next_one_on() {
    let folder = Folder::new();
    let text = DAYS.replace("2024-01-04,40,44,36,40,30\n", "");
    let actions = folder.write("actions.csv", "date,kind,value\n2024-01-04,split,2\n").path;
    let source = with(folder.write("x.csv", text), |options| {
        (options.actions, options.adjust) = (Some(actions), Some(Adjust::Splits));
    });
    let closes: Vec<f64> = bars(&folder.open(&[source]).unwrap()).iter().map(|bar| bar.close).collect();
    assert_eq!(closes, [50.0, 40.0, 42.0]);
}

#[test]
fn dividends_of_one_day_are_added() {
    let closes = |rows: &str| closes(&format!("date,kind,value\n{rows}\n"), Adjust::SplitsAndDividends);
    let one = closes("2024-01-04,dividend,3");
    assert_eq!(closes("2024-01-04,dividend,1\n2024-01-04,dividend,2"), one);
    assert_ne!(closes("2024-01-04,dividend,2"), one);
}

#[test]
fn actions_that_make_no_sense_are_told_with_their_line() {
    for (rows, words) in [
        (
            "2024-01-04,merger,2",
            "line 2, column `kind`: `merger` is no kind of action: write `split` or `dividend`",
        ),
        ("2024-01-04,split,0", "line 2, column `value`: a split of `0` is impossible"),
        ("2024-01-04,split,inf", "line 2, column `value`: a split of `inf` is impossible"),
        (
            "2024-01-04,dividend,0",
            "line 2, column `value`: a dividend of `0` is impossible: it must be a number greater",
        ),
        ("2024-01-04,split,x", "line 2, column `value`: `x` is not a number"),
        (
            "2024-01-04,dividend,80",
            "line 2, column `value`: a dividend of `80` is impossible: the close before it was `80`",
        ),
        ("soon,split,2", "line 2, column `date`: `soon` is not a date"),
        (
            "2024-01-04,split,2\n2024-01-04,split,2",
            "line 3, column `value`: a split of `2` is impossible: there is another",
        ),
        ("2024-01-04,split", "line 2, column `value`: the row has 2 cells where the header has 3"),
    ] {
        let text = format!("date,kind,value\n{rows}\n");
        let said = open(&Folder::new(), &text, Adjust::SplitsAndDividends).unwrap_err();
        assert!(said.contains(&format!("actions.csv` {words}")), "{said}");
    }
    let said = open(&Folder::new(), "date,value\n", Adjust::Splits).unwrap_err();
    assert!(said.contains("the header of splits and dividends is `date,kind,value`"), "{said}");
    let said =
        open(&Folder::new(), "date,kind,value,symbol\n2024-01-04,split,2,Y\n", Adjust::Splits).unwrap_err();
    assert!(said.contains("there are no bars of `Y`"), "{said}");
}

#[test]
fn settings_that_contradict_one_another_are_refused() {
    let folder = Folder::new();
    let source = folder.write("x.csv", DAYS);
    let refuses = |change: fn(&mut SourceOptions), words: &str| {
        let said = folder.open(&[with(source.clone(), change)]).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    };
    refuses(|options| options.adjust = Some(Adjust::Splits), "name a file of them as `actions`");
    refuses(|options| options.actions = Some("a.csv".into()), "`actions` is named, but not what for");
    refuses(
        |options| (options.actions, options.adjust) = (Some("a.csv".into()), Some(Adjust::AdjClose)),
        "`actions` is named, and `adjust = \"adj_close\"` reads the file's own column instead",
    );
    refuses(|options| options.partial = Partial::Keep, "`partial` is for `resample`, which is not given");
    refuses(
        |options| options.session = Some("09:30".parse().unwrap()),
        "`session` is for `resample` and `views`",
    );
    refuses(
        |options| {
            (options.resample, options.views) = (Some("1d".parse().unwrap()), vec!["1h".parse().unwrap()]);
        },
        "a view of `1h` shows nothing more than bars of `1d`",
    );
}

#[test]
fn an_adjusted_close_is_used_when_it_is_asked_for_and_never_otherwise() {
    let folder = Folder::new();
    let text = "date,open,high,low,close,adj_close,volume\n2024-01-02,100,110,90,100,50,10\n2024-01-03,50,60,40,50,50,10\n";
    let source = folder.write("x.csv", text);
    let plain = bars(&folder.open(std::slice::from_ref(&source)).unwrap());
    assert_eq!((plain[0].open, plain[0].close), (100.0, 100.0));
    let adjust = |options: &mut SourceOptions| options.adjust = Some(Adjust::AdjClose);
    let adjusted = bars(&folder.open(&[with(source, adjust)]).unwrap());
    let Bar { open, high, low, close, volume, .. } = adjusted[0];
    assert_eq!([open, high, low, close, volume], [50.0, 55.0, 45.0, 50.0, 10.0]);
    assert_eq!(adjusted[1], plain[1]);
    for (bad, words) in [
        (",0,", "column `adj_close`: price `0` is not greater"),
        (",x,", "column `adj_close`: `x` is not a number"),
    ] {
        let source = with(
            folder.write("x.csv", text.replace(",50,10\n2024-01-03", &format!("{bad}10\n2024-01-03"))),
            adjust,
        );
        let said = folder.open(&[source]).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    let lacking = with(folder.write("x.csv", DAYS), adjust);
    let said = folder.open(&[lacking]).unwrap_err().to_string();
    assert!(said.contains("line 1, column `adj close`: the header lacks this column"), "{said}");
}

#[test]
fn adjusting_is_part_of_what_the_bars_are_and_is_shown() {
    let folder = Folder::new();
    let actions =
        folder.write("actions.csv", "date,kind,value\n2024-01-04,split,2\n2025-01-04,split,3\n").path;
    let source = with(folder.write("x.csv", DAYS), |options| {
        (options.actions, options.adjust) = (Some(actions), Some(Adjust::Splits));
    });
    let inspection = Inspection::of(&source, 10.0, folder.path()).unwrap();
    let shown: Vec<_> = inspection.adjustments.iter().map(|it| (it.kind, it.value, it.factor)).collect();
    assert_eq!(shown, [("split", 2.0, Some(0.5)), ("split", 3.0, None)]);
    let plain = folder.open(&[folder.write("x.csv", DAYS)]).unwrap().digest();
    assert_ne!(folder.open(&[source]).unwrap().digest(), plain);
}
