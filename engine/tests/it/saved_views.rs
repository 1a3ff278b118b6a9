//! Saved views of the Log.

use crate::admin::AdminError;
use domain::{Field, ids::UserId, view::MOST_SAVED_VIEWS};

use crate::it::world::World;

impl World {
    async fn user(&self, name: &'static str) -> UserId {
        let name = name.to_owned();
        self.with_store(move |store| {
            store
                .execute(
                    "INSERT INTO users (username, password_hash, created_at) VALUES (?, 'x', 0)",
                    [&name],
                )
                .unwrap();
            UserId::new(store.last_insert_rowid())
        })
        .await
    }

    async fn views(&self, user: UserId) -> Vec<(String, String)> {
        let views = self.engine.list_views(user).await.unwrap();
        views.into_iter().map(|view| (view.name, view.query)).collect()
    }
}

fn message(error: &AdminError) -> &str {
    match error {
        AdminError::Invalid(errors) => errors.message_for(Field::Name).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_user_saves_renames_and_deletes_their_own_views() {
    let world = World::new().await;
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let engine = &world.engine;
    let id = engine.save_view(ada, " Sign-ins ", "event_type=x").await.unwrap();
    engine.save_view(ada, "deletions", "text=deleted").await.unwrap();
    engine.save_view(grace, "Sign-ins", "text=y").await.unwrap();
    let expected = [("deletions", "text=deleted"), ("Sign-ins", "event_type=x")];
    let expected = expected.map(|(name, query)| (name.to_owned(), query.to_owned()));
    assert_eq!(world.views(ada).await, expected);
    let taken = engine.save_view(ada, "Sign-ins", "").await.unwrap_err();
    assert!(message(&taken).contains("with this name"));
    let taken = engine.rename_view(ada, id, "deletions").await.unwrap_err();
    assert!(message(&taken).contains("with this name"));
    let unnamed = engine.rename_view(ada, id, " ").await.unwrap_err();
    assert!(message(&unnamed).contains("1 to 72"));

    assert_eq!(engine.rename_view(grace, id, "Mine").await, Err(AdminError::NotFound));
    assert_eq!(engine.delete_view(grace, id).await, Err(AdminError::NotFound));
    engine.rename_view(ada, id, "Logins").await.unwrap();
    engine.delete_view(ada, id).await.unwrap();
    assert_eq!(world.views(ada).await.len(), 1);
    assert_eq!(world.views(grace).await.len(), 1);
}

#[tokio::test]
async fn views_are_bounded() {
    let world = World::new().await;
    let user = world.user("ada").await;
    for number in 0..MOST_SAVED_VIEWS {
        world.engine.save_view(user, &number.to_string(), "").await.unwrap();
    }
    let refused = world.engine.save_view(user, "one more", "").await.unwrap_err();
    assert!(message(&refused).contains("Delete one first"));
    let long = world.engine.save_view(user, "long", &"x".repeat(10_000)).await;
    assert!(matches!(long, Err(AdminError::Invalid(_))));
}
