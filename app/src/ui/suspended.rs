//! Parts of a page that wait for a value.

use std::future::{Future, IntoFuture};

use leptos::prelude::*;

/// Waits for the value, and then shows it. For the children of `Suspense` and `Transition`, in place of `Suspend::new`.
///
/// On the server, `Suspense` polls the futures inside of it once or twice to find out what it waits for, and then renders others. A
/// future whose value is there would create its view each time, and with it the resources of the parts inside of the view: the HTML would
/// show the values of the last ones, and the browser would take those of the first. So a view is created only by a future that is
/// polled again after its value has come: one that is rendered.
#[expect(clippy::disallowed_methods, reason = "all others come here")]
pub(crate) fn suspended<Value, View>(
    value: Value,
    view: impl FnOnce(Value::Output) -> View + Send + 'static,
) -> Suspend<View>
where
    Value: IntoFuture<IntoFuture: Send> + Send + 'static,
    Value::Output: Send,
    View: Send + 'static,
{
    Suspend::new(async move {
        let value = value.await;
        polled_again().await;
        view(value)
    })
}

#[cfg(feature = "ssr")]
fn polled_again() -> impl Future<Output = ()> {
    use std::task::Poll;

    let mut is_again = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut is_again, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// In the browser, the view has to be there at once: it belongs to HTML that is there already.
#[cfg(not(feature = "ssr"))]
fn polled_again() -> impl Future<Output = ()> {
    std::future::ready(())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn what_is_polled_once_creates_no_view() {
        Owner::new().with(|| {
            let created = RwSignal::new(0);
            let part = || {
                suspended(std::future::ready(7), move |value| {
                    created.update(|created| *created += 1);
                    value
                })
            };
            part().dry_resolve();
            assert_eq!(created.get_untracked(), 0);
            let mut rendered = Box::pin(part().resolve());
            assert!(rendered.as_mut().now_or_never().is_none());
            assert_eq!(rendered.as_mut().now_or_never(), Some(Some(7)));
            assert_eq!(created.get_untracked(), 1);
        });
    }
}
