//! Encodes metrics by their complete names.
//!
//! Names in Prometheus end with the unit and, for counters, with `_total`; the encoder expects them separately. Here, a name is
//! written as it is queried, so that a search finds it.

use std::{fmt, time::Duration};

use domain::activity::Timings;
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};

/// Upper bounds of the buckets of every histogram, in milliseconds.
const BOUNDS_MS: [u64; 16] = [
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 30_000, 60_000,
];

/// The labels of a series.
pub(super) type Labels = Vec<(&'static str, String)>;

/// Encodes families of metrics.
pub(super) struct Families<'scrape>(pub(super) DescriptorEncoder<'scrape>);

impl Families<'_> {
    /// Encodes gauges. `name` ends with the unit.
    pub(super) fn gauge<V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels, V)>,
    ) -> fmt::Result {
        let (stem, unit) = split_unit(name);
        let mut family = self.0.encode_descriptor(stem, help, unit.as_ref(), MetricType::Gauge)?;
        for (labels, value) in series {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// Encodes counters. `name` ends with `_total`.
    pub(super) fn counter(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels, u64)>,
    ) -> fmt::Result {
        let (stem, unit) = split_unit(name.strip_suffix("_total").unwrap_or(name));
        let mut family = self
            .0
            .encode_descriptor(stem, help, unit.as_ref(), MetricType::Counter)?;
        for (labels, count) in series {
            let mut one = family.encode_family(&labels)?;
            one.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    /// Encodes histograms. `name` ends with `_seconds`.
    pub(super) fn histogram<'timings>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels, &'timings Timings)>,
    ) -> fmt::Result {
        let (stem, unit) = split_unit(name);
        let mut family = self
            .0
            .encode_descriptor(stem, help, unit.as_ref(), MetricType::Histogram)?;
        for (labels, timings) in series {
            write_histogram(family.encode_family(&labels)?, timings)?;
        }
        Ok(())
    }
}

fn write_histogram(mut encoder: MetricEncoder<'_>, timings: &Timings) -> fmt::Result {
    let bounds = BOUNDS_MS.map(Duration::from_millis);
    let ends = bounds.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = ends.zip(timings.counts_by(&bounds)).collect();
    encoder.encode_histogram::<NoLabelSet>(timings.sum().as_secs_f64(), timings.count(), &buckets, None)
}

fn split_unit(name: &str) -> (&str, Option<Unit>) {
    let units = [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)];
    let found = units
        .into_iter()
        .find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, unit)));
    found.map_or((name, None), |(stem, unit)| (stem, Some(unit)))
}
