//! Reading the refused events anew, after an administrator has retried or discarded some.

use domain::policy::Trouble;

use super::{Hold, Stream};
use crate::{
    causes::causes,
    store::{DueEvent, Refused, StoreError},
};

impl Stream {
    /// Reads the refused events anew if that was asked for, but not while a commit is under way, of which it could see the
    /// one half and not the other.
    pub(super) async fn reload_refusals(&mut self) {
        if !self.reload_is_due || self.committing.is_some() || self.is_paused() {
            return;
        }
        self.reload_is_due = false;
        match self.read_refusals().await {
            Ok((due, counted)) => {
                self.refusals.load(&due);
                self.refusals
                    .counted(counted.all().saturating_add(self.books.newly_refused()));
                self.books.apply_unsaved(&mut self.refusals);
                self.books.refusals_were_counted(counted.all() > 0);
                self.note_limit();
                self.show_progress();
            }
            Err(error) => {
                tracing::error!(
                    destination_id = self.context.destination.get(),
                    error = causes(&error),
                    "Refused events could not be read."
                );
                self.reload_is_due = true;
                self.pause();
            }
        }
    }

    /// What waits because too many events are refused is tried at once when there is room again.
    fn note_limit(&mut self) {
        self.context.status.refused_too_many(self.refusals.is_full());
        let waits = |hold: &Hold| hold.trouble == Trouble::TooManyRefused;
        if !self.refusals.is_full() && self.hold.as_ref().is_some_and(waits) {
            self.probe_now();
        }
    }

    async fn read_refusals(&self) -> Result<(Vec<DueEvent>, Refused), StoreError> {
        let destination = self.context.destination;
        let due = self.database.list_due(destination).await?;
        Ok((due, self.database.count_refused(destination).await?))
    }
}
