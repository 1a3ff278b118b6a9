//! Requests that the page sends by itself. One that has no answer in time has failed: packets may be dropped without a word, and
//! the browser waits for minutes.

use std::{
    future::{Future, pending},
    pin::pin,
    time::Duration,
};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use leptos::prelude::set_timeout;

use crate::wire::AppError;

/// Longer than any answer takes that is still of use.
const LIMIT: Duration = Duration::from_secs(10);

/// The answer, or [`AppError::Transport`] if there is none in time. The request is then cancelled.
///
/// # Errors
/// That of the request, or [`AppError::Transport`].
pub(crate) async fn in_time<T>(request: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    before(elapsed(), request).await
}

async fn before<T>(
    limit: impl Future<Output = ()>,
    request: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    match select(pin!(request), pin!(limit)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(AppError::Transport),
    }
}

/// The server calls its functions directly, and they have deadlines of their own.
async fn elapsed() {
    if cfg!(feature = "ssr") {
        return pending().await;
    }
    let (end, ended) = oneshot::channel::<()>();
    // Without its sender, the receiver waits no longer.
    set_timeout(move || drop(end), LIMIT);
    ended.await.unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_request_without_an_answer_has_failed_at_its_deadline() {
        let silent = pending::<Result<(), AppError>>();
        let answer = before(ready(()), silent).now_or_never();
        assert_eq!(answer, Some(Err(AppError::Transport)));
    }

    #[test]
    fn an_answer_in_time_is_the_answer() {
        assert_eq!(before(pending(), ready(Ok(7))).now_or_never(), Some(Ok(7)));
        let refused = before(pending(), ready(Err::<(), _>(AppError::NotFound))).now_or_never();
        assert_eq!(refused, Some(Err(AppError::NotFound)));
        let still_waiting = before(pending(), pending::<Result<(), AppError>>()).now_or_never();
        assert_eq!(still_waiting, None);
    }
}
