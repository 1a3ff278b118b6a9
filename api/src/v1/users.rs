//! Administrators who can sign in.

pub(super) mod sessions;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use domain::{
    Field, FieldErrors,
    access::{NewPassword, Username},
    ids::UserId,
    instance_event::Author,
    view::{LoginView, UserView},
};
use engine::admin::AdminError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{answer::Listed, fields::refuse};
use crate::{
    auth::Caller,
    error::ApiError,
    idempotency::refuse_idempotency_key,
    input::{InBody, InPath, not_found},
    services::Services,
};

/// A user to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "ada.lovelace"}))]
pub(super) struct NewUserInput {
    username: String,
    /// At least 12 characters. Generated if omitted.
    #[serde(default)]
    password: Option<String>,
}

/// A change to a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"enabled": false}))]
pub(super) struct UserChange {
    /// Disabling a user ends all their sessions.
    enabled: bool,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(super) struct PasswordInput {
    /// At least 12 characters. Generated if omitted.
    #[serde(default)]
    password: Option<String>,
}

/// List users
#[utoipa::path(get, path = "/api/v1/users", tag = "Users", responses(
    (status = 200, description = "All users, oldest first", body = Listed<UserView>),
))]
pub(super) async fn list_users(State(services): State<Services>) -> Result<Json<Listed<UserView>>, ApiError> {
    let items = services.engine.list_users().await?;
    Ok(Json(Listed { items }))
}

/// Add a user
///
/// Names are unique, so repeating the request cannot create a duplicate. `Idempotency-Key` is not supported.
#[utoipa::path(post, path = "/api/v1/users", tag = "Users", request_body = NewUserInput, responses(
    (status = 201, description = "Added", body = LoginView, headers(("Location" = String, description = "URL of the user"))),
    (status = 400, description = "`Idempotency-Key` is not supported"),
    (status = 422, description = "A field is invalid, or the name has already been taken"),
    (status = 503, description = "Too many passwords are being set. Retry after the number of seconds in `Retry-After`"),
))]
pub(super) async fn add_user(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(input): InBody<NewUserInput>,
) -> Result<Response, ApiError> {
    refuse_idempotency_key(&headers)?;
    let (username, password) = input.parse()?;
    let login = services.engine.add_user(&caller.author, &username, password).await?;
    let location = [(LOCATION, format!("/api/v1/users/{}", login.id))];
    Ok((StatusCode::CREATED, location, Json(login)).into_response())
}

/// Show a user
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "Users",
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 404, description = "The user does not exist"),
    ),
)]
pub(super) async fn show_user(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<UserView>, ApiError> {
    find(&services, UserId::new(id)).await.map(Json)
}

/// Enable or disable a user
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "Users", request_body = UserChange,
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The updated user", body = UserView),
        (status = 404, description = "The user does not exist"),
        (status = 422, description = "A field is invalid, or no user could sign in after the change"),
    ),
)]
pub(super) async fn update_user(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(change): InBody<UserChange>,
) -> Result<Json<UserView>, ApiError> {
    let id = UserId::new(id);
    set_enabled(&services, &caller.author, id, change.enabled).await?;
    find(&services, id).await.map(Json)
}

/// Set the password of a user
///
/// Ends all sessions of the user. Users change their own password on their profile.
#[utoipa::path(post, path = "/api/v1/users/{id}/reset_password", tag = "Users", request_body = PasswordInput,
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The user, and the password if it was generated", body = LoginView),
        (status = 404, description = "The user does not exist"),
        (status = 422, description = "The password is too short or too long, or the user is the caller"),
        (status = 503, description = "Too many passwords are being set. Retry after the number of seconds in `Retry-After`"),
    ),
)]
pub(super) async fn reset_password(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<PasswordInput>,
) -> Result<Json<LoginView>, ApiError> {
    let password = parse_password(input.password).map_err(|errors| refuse(&errors))?;
    let reset = services
        .engine
        .reset_password(&caller.author, UserId::new(id), password);
    Ok(Json(reset.await?))
}

/// A user who already has the requested state is left unchanged.
async fn set_enabled(services: &Services, author: &Author, id: UserId, enabled: bool) -> Result<(), ApiError> {
    if find(services, id).await?.enabled == enabled {
        return Ok(());
    }
    match services.engine.set_user_enabled(author, id, enabled).await {
        Err(AdminError::ChangedMeanwhile) if find(services, id).await?.enabled == enabled => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

async fn find(services: &Services, id: UserId) -> Result<UserView, ApiError> {
    let users = services.engine.list_users().await?;
    users.into_iter().find(|user| user.id == id).ok_or_else(not_found)
}

impl NewUserInput {
    fn parse(self) -> Result<(Username, Option<NewPassword>), ApiError> {
        let mut errors = FieldErrors::default();
        let username = errors.collect(Username::parse(&self.username));
        let password = errors.collect_all(parse_password(self.password));
        match (username, password) {
            (Some(username), Some(password)) => Ok((username, password)),
            _ => Err(refuse(&errors)),
        }
    }
}

fn parse_password(text: Option<String>) -> Result<Option<NewPassword>, FieldErrors> {
    let password = text.map(|text| NewPassword::parse(text, Field::NewPassword));
    Ok(password.transpose()?)
}
