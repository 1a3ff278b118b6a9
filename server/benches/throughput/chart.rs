//! Charts as SVG, on white so that they are readable on a light and on a dark page.

use std::{error::Error, path::Path};

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::report::grouped;

const SIZE: (u32, u32) = (960, 360);

/// Told apart also without colours, by their points; both have a contrast of more than 4.5 on white.
const COLOURS: [RGBColor; 2] = [RGBColor(31, 90, 180), RGBColor(178, 74, 10)];

const TEXT: RGBColor = RGBColor(40, 40, 40);

const GRID: RGBColor = RGBColor(220, 220, 220);

/// One of the charts that are next to each other in an image.
pub(crate) struct Chart {
    pub(crate) y: &'static str,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(usize, f64)>,
}

/// Name of the horizontal axis, and how its values are shown.
type Horizontal = (&'static str, fn(usize) -> String);

/// Draws charts with a common horizontal axis, which is logarithmic.
pub(crate) fn draw(path: &Path, horizontal: Horizontal, charts: &[Chart]) {
    try_draw(path, horizontal, charts).unwrap();
}

fn try_draw(path: &Path, horizontal: Horizontal, charts: &[Chart]) -> Result<(), Box<dyn Error>> {
    // Drawn to text first: a `Path` borrows for as long as the image, and an error is not lost on drop.
    let mut image = String::new();
    {
        let root = SVGBackend::with_string(&mut image, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        for (area, chart) in root.split_evenly((1, charts.len())).iter().zip(charts) {
            draw_one(area, horizontal, chart)?;
        }
        root.present()?;
    }
    Ok(std::fs::write(path, image)?)
}

fn draw_one(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    (x, tick): Horizontal,
    chart: &Chart,
) -> Result<(), Box<dyn Error>> {
    let points = || chart.lines.iter().flat_map(|line| line.points.iter().copied());
    let mut ticks: Vec<f64> = points().map(|(x, _)| float(x)).collect();
    ticks.sort_by(f64::total_cmp);
    ticks.dedup();
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    let highest = points().map(|(_, y)| y).fold(1.0, f64::max);
    let horizontal = (first / 1.3..last * 1.3).log_scale().with_key_points(ticks);
    let label = |size: u32| ("sans-serif", size).into_font().color(&TEXT);
    let mut context = ChartBuilder::on(area)
        .margin(16)
        .caption(chart.y, label(16))
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(horizontal, 0.0..highest * 1.25)?;
    context
        .configure_mesh()
        .x_desc(x)
        .x_label_formatter(&|x| tick(usize::try_from(rounded(*x)).unwrap()))
        .y_label_formatter(&|y| grouped(*y))
        .y_labels(6)
        .x_label_style(label(12).pos(Pos::new(HPos::Center, VPos::Top)))
        .label_style(label(12))
        .axis_desc_style(label(13))
        .axis_style(TEXT)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (line, colour) in chart.lines.iter().zip(COLOURS) {
        let points: Vec<(f64, f64)> = line.points.iter().map(|(x, y)| (float(*x), *y)).collect();
        context
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        context.draw_series(points.into_iter().map(|point| Circle::new(point, 4, colour.filled())))?;
    }
    context
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(label(12))
        .background_style(WHITE)
        .draw()?;
    Ok(())
}

fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// A tick is a whole number that the logarithmic axis has as a float.
fn rounded(tick: f64) -> u32 {
    format!("{tick:.0}").parse().unwrap()
}
