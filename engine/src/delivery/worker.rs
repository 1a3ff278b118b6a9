//! One stream, on a thread of its own.
//!
//! The thread runs a runtime that no other stream shares. It takes its orders from the supervisor, and for each
//! configuration runs a [`stream::Stream`] until the next order.

mod bookkeeping;
mod context;
mod stream;

use std::{thread::JoinHandle, time::Duration};

use domain::destination::Flow;
use tokio::sync::{mpsc, watch};

pub(super) use self::context::{Order, WorkerContext};
use self::stream::{End, Stream, StreamError};
use super::progress::Progress;
use crate::{THREAD_STACK, causes::causes, sink::sink_for, storage::files_are_missing, store::Destination};

/// After a failure of our own (store, log), not of the destination.
const OWN_FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Starts the thread. It ends on `Drain` or `Abandon`, or in a panic; `running` is dropped with it.
pub(super) fn spawn(
    context: WorkerContext,
    orders: watch::Receiver<Order>,
    running: mpsc::Sender<()>,
) -> std::io::Result<JoinHandle<()>> {
    let name = format!("stream-{}", context.destination);
    let thread = std::thread::Builder::new().name(name).stack_size(THREAD_STACK);
    thread.spawn(move || {
        // Made here and not handed over: a runtime must not be dropped by a task of another one.
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                runtime.block_on(obey(context, orders));
                // A name that is still being resolved must not keep the thread.
                runtime.shutdown_background();
            }
            Err(error) => tracing::error!(
                error = causes(&error),
                "A stream's runtime could not be made; it is tried again."
            ),
        }
        drop(running);
    })
}

async fn obey(context: WorkerContext, mut orders: watch::Receiver<Order>) {
    loop {
        let order = orders.borrow_and_update().clone();
        let Order::Run(destination) = order else { return };
        match run(&context, &destination, &mut orders).await {
            Ok(End::NewOrder) => {}
            Ok(End::Gone) => return,
            Err(error) => {
                if !files_are_missing(&error) {
                    tracing::error!(
                        destination_id = context.destination.get(),
                        error = causes(&error),
                        "A stream can't go on; it is tried again in a moment."
                    );
                }
                let waited = tokio::time::timeout(OWN_FAILURE_PAUSE, orders.changed()).await;
                if matches!(waited, Ok(Err(_))) {
                    return;
                }
            }
        }
    }
}

async fn run(
    context: &WorkerContext,
    destination: &Destination,
    orders: &mut watch::Receiver<Order>,
) -> Result<End, StreamError> {
    if !destination.flow.is_running() {
        return stand_by(context, destination.flow, orders).await;
    }
    let sink = sink_for(destination, &context.clients, &context.services, &context.clock)?;
    let Some(cursor) = context.database.read_cursor(context.destination).await? else {
        return Ok(End::Gone);
    };
    let refused = context.database.list_due(context.destination).await?;
    let tries = context.database.read_tries(context.destination).await?;
    Stream::new(context.clone(), sink, destination.admission(), cursor, &refused, tries)
        .run(orders)
        .await
}

/// Sends nothing, until there is a new order.
async fn stand_by(
    context: &WorkerContext,
    flow: Flow,
    orders: &mut watch::Receiver<Order>,
) -> Result<End, StreamError> {
    if !flow.active {
        // What begins when it is switched on again is another trouble. A pause is an interruption of the same one.
        context.database.forget_trouble(context.destination).await?;
    }
    let Some(cursor) = context.database.read_cursor(context.destination).await? else {
        return Ok(End::Gone);
    };
    let progress = Progress::new(cursor.acked, &cursor.settled_above);
    context
        .status
        .progressed(&progress, cursor.last_success_at, cursor.refusing.as_ref());
    context.status.held(None);
    match orders.changed().await {
        Ok(()) => Ok(End::NewOrder),
        Err(_) => Ok(End::Gone),
    }
}
