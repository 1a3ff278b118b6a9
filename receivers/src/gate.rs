//! Holds requests back until a test lets them pass.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::record::Record;

/// Longer than anything takes in a test; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where requests wait that are answered with [`crate::Fault::Held`]. Its clones are the same gate.
#[derive(Clone, Default)]
pub struct Gate(Arc<State>);

struct State {
    permits: Semaphore,
    held: Record<Held>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(0),
            held: Record::default(),
        }
    }
}

#[derive(Default)]
struct Held {
    now: usize,
    most: usize,
}

impl Gate {
    /// A gate that lets nothing pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets so many requests pass, those first that came first, and later ones if fewer are waiting.
    pub fn pass(&self, requests: usize) {
        self.0.permits.add_permits(requests);
    }

    /// Lets every request pass from now on.
    pub fn open(&self) {
        self.0.permits.close();
    }

    /// How many requests wait here.
    pub fn held(&self) -> usize {
        self.0.held.look(|held| held.now)
    }

    /// The most requests that have waited here together.
    pub fn most_held(&self) -> usize {
        self.0.held.look(|held| held.most)
    }

    /// Waits until so many requests wait here, or more.
    ///
    /// # Panics
    /// If they don't in time.
    pub async fn wait_for_held(&self, count: usize) {
        let is_met = self.0.held.wait_until(PATIENCE, |held| held.now >= count).await;
        let (held, most) = (self.held(), self.most_held());
        assert!(
            is_met,
            "waited in vain for {count} held requests; {held} are, {most} were"
        );
    }

    pub(crate) async fn passed(&self) {
        self.0.held.change(|held| {
            held.now += 1;
            held.most = held.most.max(held.now);
        });
        let _waiting = Waiting(self);
        match self.0.permits.acquire().await {
            Ok(permit) => permit.forget(),
            // It is open.
            Err(_closed) => {}
        }
    }
}

/// Counts a request that waits, until it is dropped.
struct Waiting<'a>(&'a Gate);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.held.change(|held| held.now -= 1);
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({} held)", self.held())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_pass_one_by_one_or_all_at_once() {
        let gate = Gate::new();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.passed().await })
            })
            .collect();
        gate.wait_for_held(3).await;
        gate.pass(1);
        while gate.held() > 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(gate.most_held(), 3);
        gate.open();
        for waiting in waiting {
            waiting.await.unwrap();
        }
        gate.passed().await;
        assert_eq!((gate.held(), gate.most_held()), (0, 3));
    }
}
