//! The indicators against figures that others have published or computed.
//!
//! The worked examples are those of StockCharts' ChartSchool (moving averages; the spreadsheets cs-rsi, cs-atr and
//! cs-bbands) and of investexcel.net ("How to calculate MACD in Excel"), as other projects' tests carry them; each is
//! compared to the decimals it is printed with. The rest was computed once by TA-Lib 0.8.1 (Python package TA-Lib
//! 0.8.2) from the sample data that comes with this repository.

use stratbox_sdk::Bar;
use stratbox_sdk::indicators::{Atr, Bollinger, Ema, Highest, Lowest, Macd, Rsi, Sma};

/// What an indicator answers to a series, those `None`s left out which it starts with.
fn answers<I, T>(inputs: impl IntoIterator<Item = I>, update: impl FnMut(I) -> Option<T>) -> Vec<T> {
    inputs
        .into_iter()
        .map(update)
        .skip_while(Option::is_none)
        .map(|answer| answer.expect("no gaps"))
        .collect()
}

#[track_caller]
fn assert_near(answers: &[f64], published: &[f64], tolerance: f64) {
    assert_eq!(answers.len(), published.len(), "number of answers");
    for (index, (answer, published)) in answers.iter().zip(published).enumerate() {
        assert!((answer - published).abs() <= tolerance, "answer {index}: {answer}, published: {published}");
    }
}

const MOVING_AVERAGE_CLOSES: [f64; 30] = [
    22.2734, 22.194, 22.0847, 22.1741, 22.184, 22.1344, 22.2337, 22.4323, 22.2436, 22.2933, 22.1542, 22.3926,
    22.3816, 22.6109, 23.3558, 24.0519, 23.753, 23.8324, 23.9516, 23.6338, 23.8225, 23.8722, 23.6537, 23.187,
    23.0976, 23.326, 22.6805, 23.0976, 22.4025, 22.1725,
];

#[test]
fn ema_10_is_that_of_stockcharts() {
    let published = [
        22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13, 23.28, 23.34, 23.43, 23.51, 23.54,
        23.47, 23.40, 23.39, 23.26, 23.23, 23.08, 22.92,
    ];
    let mut ema = Ema::new(10);
    assert_near(&answers(MOVING_AVERAGE_CLOSES, |close| ema.update(close)), &published, 0.005);
}

#[test]
fn sma_10_is_that_of_stockcharts() {
    let mut sma = Sma::new(10);
    let published = [22.22, 22.21, 22.23, 22.26, 22.31, 22.42, 22.61, 22.77, 22.91];
    let answers = answers(MOVING_AVERAGE_CLOSES, |close| sma.update(close));
    assert_near(&answers[..9], &published, 0.005);
}

#[test]
fn rsi_14_is_that_of_stockcharts() {
    let closes = [
        44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
        46.0328, 45.614, 46.282, 46.282, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521,
        45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
    ];
    let published = [
        70.5328, 66.3186, 66.5498, 69.4063, 66.3552, 57.9749, 62.9296, 63.2571, 56.0593, 62.3771, 54.7076,
        50.4228, 39.9898, 41.4605, 41.8689, 45.4632, 37.304, 33.0795, 37.773,
    ];
    let mut rsi = Rsi::new(14);
    assert_near(&answers(closes, |close| rsi.update(close)), &published, 0.000_1);
}

#[test]
fn atr_14_is_that_of_stockcharts() {
    let bars: [[f64; 3]; 30] = [
        [48.7, 47.79, 48.16],
        [48.72, 48.14, 48.61],
        [48.9, 48.39, 48.75],
        [48.87, 48.37, 48.63],
        [48.82, 48.24, 48.74],
        [49.05, 48.635, 49.03],
        [49.2, 48.94, 49.07],
        [49.35, 48.86, 49.32],
        [49.92, 49.5, 49.91],
        [50.19, 49.87, 50.13],
        [50.12, 49.2, 49.53],
        [49.66, 48.9, 49.5],
        [49.88, 49.43, 49.75],
        [50.19, 49.725, 50.03],
        [50.36, 49.26, 50.31],
        [50.57, 50.09, 50.52],
        [50.65, 50.3, 50.41],
        [50.43, 49.21, 49.34],
        [49.63, 48.98, 49.37],
        [50.33, 49.61, 50.23],
        [50.29, 49.2, 49.2375],
        [50.17, 49.43, 49.93],
        [49.32, 48.08, 48.43],
        [48.5, 47.64, 48.18],
        [48.3201, 41.55, 46.57],
        [46.8, 44.2833, 45.41],
        [47.8, 47.31, 47.77],
        [48.39, 47.2, 47.72],
        [48.66, 47.9, 48.62],
        [48.79, 47.7301, 47.85],
    ];
    let published = [
        0.555, 0.593929, 0.585791, 0.568949, 0.615452, 0.61792, 0.642354, 0.674329, 0.69277, 0.775429,
        0.78147, 1.209229, 1.30262, 1.38029, 1.366698, 1.336219, 1.316482,
    ];
    let mut atr = Atr::new(14);
    let bar = |[high, low, close]: [f64; 3]| Bar {
        instrument: 0,
        time: 0,
        open: close,
        high,
        low,
        close,
        volume: 0.0,
    };
    assert_near(&answers(bars, |prices| atr.update(&bar(prices))), &published, 0.000_001);
}

#[test]
fn bollinger_20_2_is_that_of_stockcharts() {
    let closes = [
        86.1557, 89.0867, 88.7829, 90.3228, 89.0671, 91.1453, 89.4397, 89.175, 86.9302, 87.6752, 86.9596,
        89.4299, 89.3221, 88.7241, 87.4497, 87.2634, 89.4985, 87.9006, 89.126, 90.7043, 92.9001, 92.9784,
        91.8021, 92.6647, 92.6843, 92.3021, 92.7725, 92.5373, 92.949, 93.2039, 91.0669, 89.8318, 89.7435,
        90.3994, 90.7387, 88.0177, 88.0867, 88.8439, 90.7781, 90.5416, 91.3894, 90.65,
    ];
    let middle = [
        88.70794, 89.04516, 89.239745, 89.390705, 89.5078, 89.68866, 89.7465, 89.91314, 90.081255, 90.382195,
        90.65863, 90.863995, 90.88409, 90.90516, 90.988925, 91.153375, 91.19109, 91.1205, 91.167665,
        91.25027, 91.242135, 91.1666, 91.05018,
    ];
    let upper = [
        91.291862, 91.949268, 92.612595, 92.9342, 93.31195, 93.72845, 93.899592, 94.266255, 94.565096,
        94.786912, 95.043001, 94.907605, 94.902912, 94.89532, 94.861013, 94.673629, 94.556593, 94.678752,
        94.575786, 94.534271, 94.532306, 94.369251, 94.148503,
    ];
    let lower = [
        86.124018, 86.141052, 85.866895, 85.84721, 85.70365, 85.64887, 85.593408, 85.560025, 85.597414,
        85.977478, 86.274259, 86.820385, 86.865268, 86.915, 87.116837, 87.633121, 87.825587, 87.562248,
        87.759544, 87.966269, 87.951964, 87.963949, 87.951857,
    ];
    let mut bollinger = Bollinger::new(20, 2.0);
    let bands = answers(closes, |close| bollinger.update(close));
    assert_near(&bands.iter().map(|bands| bands.middle).collect::<Vec<_>>(), &middle, 0.000_01);
    assert_near(&bands.iter().map(|bands| bands.upper).collect::<Vec<_>>(), &upper, 0.000_01);
    assert_near(&bands.iter().map(|bands| bands.lower).collect::<Vec<_>>(), &lower, 0.000_01);
}

#[test]
fn macd_12_26_9_is_that_of_investexcel() {
    let closes = [
        459.99, 448.85, 446.06, 450.81, 442.80, 448.97, 444.57, 441.40, 430.47, 420.05, 431.14, 425.66,
        430.58, 431.72, 437.87, 428.43, 428.35, 432.50, 443.66, 455.72, 454.49, 452.08, 452.73, 461.91,
        463.58, 461.14, 452.08, 442.66, 428.91, 429.79, 431.99, 427.72, 423.20, 426.21, 426.98, 435.69,
        434.33, 429.80, 419.85, 426.24,
    ];
    let mut macd = Macd::new(12, 26, 9);
    let values = answers(closes, |close| macd.update(close));
    assert_eq!(values.len(), 7);
    let ends = [values[0], values[6]];
    assert_near(&ends.map(|value| value.signal), &[3.037525868733945, -1.338100412582993], 1e-9);
    assert_near(&ends.map(|value| value.macd), &[-2.0705581901, -3.5303631361], 1e-9);
    assert_near(&ends.map(|value| value.histogram), &[-5.1080840588, -2.1922627235], 1e-9);
}

/// The first 1000 bars of the sample data.
fn sample() -> Vec<Bar> {
    let csv = include_str!("../../example-strategies/data/sp500-daily.csv");
    let bar = |line: &str| {
        let prices: Vec<f64> =
            line.split(',').skip(1).map(|field| field.parse().expect("a number")).collect();
        let [open, high, low, close, _, volume] = prices[..] else { panic!("six numbers in `{line}`") };
        Bar { instrument: 0, time: 0, open, high, low, close, volume }
    };
    csv.lines().skip(1).take(1000).map(bar).collect()
}

/// The answers at bars 60 and 1000.
fn at_60_and_1000(update: impl FnMut(&Bar) -> Option<f64>) -> [f64; 2] {
    let answers: Vec<Option<f64>> = sample().iter().map(update).collect();
    [answers[59], answers[999]].map(|answer| answer.expect("warm by then"))
}

#[test]
fn indicators_over_a_window_are_those_of_ta_lib() {
    let (mut sma, mut highest, mut lowest) = (Sma::new(20), Highest::new(14), Lowest::new(14));
    let mut upper = Bollinger::new(20, 2.0);
    let mut lower = upper.clone();
    let near = |answers: [f64; 2], published: [f64; 2]| assert_near(&answers, &published, 1e-9);
    near(at_60_and_1000(|bar| sma.update(bar.close)), [1286.5119995999999, 907.3485015500031]);
    near(at_60_and_1000(|bar| highest.update(bar.high)), [1323.819946, 921.48999]);
    near(at_60_and_1000(|bar| lowest.update(bar.low)), [1256.430054, 880.320007]);
    near(at_60_and_1000(|bar| Some(upper.update(bar.close)?.upper)), [1329.527844695116, 938.325875937696]);
    near(at_60_and_1000(|bar| Some(lower.update(bar.close)?.lower)), [1243.4961545048836, 876.3711271623102]);
}

#[test]
fn averages_that_start_as_ta_libs_do_are_those_of_ta_lib() {
    let (mut ema, mut rsi) = (Ema::new(10), Rsi::new(14));
    let near = |answers: [f64; 2], published: [f64; 2]| assert_near(&answers, &published, 1e-9);
    near(at_60_and_1000(|bar| ema.update(bar.close)), [1291.79616395256, 897.5327137993111]);
    near(at_60_and_1000(|bar| rsi.update(bar.close)), [56.29386753219345, 46.36306349414368]);
}

#[test]
fn averages_that_start_otherwise_are_those_of_ta_lib_once_the_start_has_faded() {
    let (mut atr, mut macd, mut signal) = (Atr::new(14), Macd::new(12, 26, 9), Macd::new(12, 26, 9));
    let near = |answers: [f64; 2], published: f64| assert_near(&answers[1..], &[published], 1e-9);
    near(at_60_and_1000(|bar| atr.update(bar)), 15.465444187960303);
    near(at_60_and_1000(|bar| Some(macd.update(bar.close)?.macd)), -2.837703500542375);
    near(at_60_and_1000(|bar| Some(signal.update(bar.close)?.signal)), -0.19772635286000614);
}
