//! The moment at which the crosshair of charts stands, and what moves it.

use domain::Timestamp;
use leptos::{
    ev::{FocusEvent, KeyboardEvent, PointerEvent},
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::Element;

use super::points::Points;

/// The moment at which the crosshair stands; charts that share a cursor show the same moment.
#[derive(Clone, Copy)]
pub struct Cursor(RwSignal<Option<Timestamp>>);

impl Cursor {
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// The point at which it stands.
    pub(super) fn point(self, points: Signal<Points>) -> Memo<Option<usize>> {
        Memo::new(move |_| {
            let moment = self.0.get()?;
            points.with(|points| points.index_of(moment))
        })
    }
}

/// The crosshair of one chart.
#[derive(Clone, Copy)]
pub(super) struct Crosshair {
    pub(super) points: Signal<Points>,
    pub(super) at: Memo<Option<usize>>,
    /// Where a drag with the mouse began.
    drag: RwSignal<Option<usize>>,
    cursor: Cursor,
    on_select: Option<Callback<(Timestamp, Timestamp)>>,
}

impl Crosshair {
    pub(super) fn new(
        points: Signal<Points>,
        cursor: Cursor,
        on_select: Option<Callback<(Timestamp, Timestamp)>>,
    ) -> Self {
        Self {
            points,
            at: cursor.point(points),
            drag: RwSignal::new(None),
            cursor,
            on_select,
        }
    }

    /// The first and last point that are marked: one, or those over which the mouse is dragged.
    pub(super) fn marked(self) -> Option<(usize, usize)> {
        let at = self.at.get()?;
        let start = self.drag.get().unwrap_or(at);
        Some((start.min(at), start.max(at)))
    }

    /// The point that assistive technology reads: the newest unless the crosshair stands elsewhere.
    pub(super) fn read_point(self) -> usize {
        self.at.get().unwrap_or_else(|| self.last())
    }

    fn last(self) -> usize {
        self.points.with(|points| points.starts.len().saturating_sub(1))
    }

    fn stand_at(self, point: usize) {
        let start = self.points.with_untracked(|points| points.starts.get(point).copied());
        self.cursor.0.set(start);
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        let Some(point) = self.point_under(event) else {
            return;
        };
        // A finger that moves reads values; only a tap selects.
        if event.pointer_type() != "mouse" && self.drag.get_untracked().is_some_and(|start| start != point) {
            self.drag.set(None);
        }
        self.stand_at(point);
    }

    pub(super) fn pressed(self, event: &PointerEvent) {
        self.moved(event);
        if self.on_select.is_some() && event.button() == 0 {
            self.drag.set(self.at.get_untracked());
        }
    }

    pub(super) fn released(self) {
        let (start, at) = (self.drag.get_untracked(), self.at.get_untracked());
        self.drag.set(None);
        if let (Some(start), Some(at)) = (start, at) {
            self.select(start.min(at), start.max(at));
        }
    }

    /// A finger that was lifted leaves the crosshair where it is; it disappears when another thing is touched.
    pub(super) fn left(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" {
            self.clear();
        }
    }

    pub(super) fn focused(self, _: &FocusEvent) {
        if self.at.get_untracked().is_none() {
            self.stand_at(self.last());
        }
    }

    pub(super) fn clear(self) {
        self.drag.set(None);
        self.cursor.0.set(None);
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        let (at, last) = (self.at.get_untracked().unwrap_or_else(|| self.last()), self.last());
        let page = (last / 10).max(1);
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
            "ArrowRight" | "ArrowUp" => at + 1,
            "PageDown" => at.saturating_sub(page),
            "PageUp" => at + page,
            "Home" => 0,
            "End" => last,
            "Enter" if self.on_select.is_some() => {
                event.prevent_default();
                return self.select(at, at);
            }
            "Escape" if self.at.get_untracked().is_some() => {
                event.stop_propagation();
                return self.clear();
            }
            _ => return,
        };
        event.prevent_default();
        self.stand_at(to.min(last));
    }

    fn select(self, first: usize, last: usize) {
        let range = self
            .points
            .with_untracked(|points| Some((*points.starts.get(first)?, points.end(last)?)));
        if let (Some(on_select), Some(range)) = (self.on_select, range) {
            on_select.run(range);
        }
    }

    fn point_under(self, event: &PointerEvent) -> Option<usize> {
        let target = event.current_target()?.dyn_into::<Element>().ok()?;
        let (x, width) = (i64::from(event.offset_x()), i64::from(target.client_width()).max(1));
        let count = self.points.with_untracked(|points| points.starts.len());
        let point = x.max(0).saturating_mul(i64::try_from(count).ok()?) / width;
        usize::try_from(point)
            .ok()
            .map(|point| point.min(count.saturating_sub(1)))
    }
}
