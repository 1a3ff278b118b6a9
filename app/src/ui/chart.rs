//! Charts over time: bars or lines, with a crosshair that the pointer, a finger or the arrow keys move, and the same values as
//! a table.
//!
//! ```ignore
//! let points: Signal<Points> = …; // one list of moments, and columns of values
//! let cursor = Cursor::new();     // charts with the same cursor show the same moment
//! view! {
//!     <Chart title="Events delivered" summary=sum points cursor shape=Shape::Bars unit=Unit::Count("event")
//!         series=vec![Series::only(0, Colour::Accent)] empty="Nothing was delivered." />
//!     <ChartTable label="Deliveries" points columns=vec![Column::new("Delivered", 0, Unit::Count("event"))] />
//! }
//! ```
//!
//! The drawings are SVG in units of their own and stretch to the available width; text stands beside them in HTML, so that it
//! does not stretch. Colours come from the theme, by classes.

mod cursor;
mod figure;
mod marks;
mod points;
mod spark;
mod table;
mod time;
mod unit;

pub use self::{
    cursor::Cursor,
    figure::{Chart, Colour, Series, Shape},
    points::Points,
    spark::Spark,
    table::{ChartTable, Column},
    unit::{Unit, duration_text},
};

#[cfg(all(test, feature = "ssr"))]
mod tests;
