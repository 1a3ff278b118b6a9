//! Administrators who sign in.

pub(super) mod sessions;

use app::port::settings::{NewLogin, UserSummary};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use domain::{
    Field, FieldErrors,
    access::{NewPassword, Username},
    event::Author,
    ids::UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{answer::Listed, fields::refuse, moment::Moment};
use crate::{
    admin::{self, AddedUser, AdminError},
    api::{
        ApiError,
        caller::Caller,
        idempotency::refuse_idempotency_key,
        input::{InBody, InPath, not_found},
    },
    services::Services,
};

/// An administrator.
#[derive(Serialize, ToSchema)]
pub(super) struct UserView {
    id: i64,
    #[schema(example = "ada.lovelace")]
    username: String,
    /// Whether they can sign in.
    enabled: bool,
    created_at: Moment,
    last_signed_in_at: Option<Moment>,
    /// Browsers that are signed in.
    sessions: u64,
}

/// Somebody to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "ada.lovelace"}))]
pub(super) struct NewUserInput {
    username: String,
    /// At least 12 characters; one is made if none is given.
    #[serde(default)]
    password: Option<String>,
}

/// A change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"enabled": false}))]
pub(super) struct UserChange {
    /// A user who is disabled is signed out everywhere.
    enabled: bool,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(super) struct PasswordInput {
    /// At least 12 characters; one is made if none is given.
    #[serde(default)]
    password: Option<String>,
}

/// A user and the password that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginView {
    id: i64,
    #[schema(example = "ada.lovelace")]
    username: String,
    /// Shown this once; null if it was chosen by the request.
    password: Option<String>,
}

/// List users
#[utoipa::path(get, path = "/api/v1/users", tag = "Users", responses(
    (status = 200, description = "Every administrator, oldest first", body = Listed<UserView>),
))]
pub(super) async fn list_users(State(services): State<Services>) -> Result<Json<Listed<UserView>>, ApiError> {
    let users = admin::list_users(&services.engine).await?;
    Ok(Json(Listed::new(users, view)))
}

/// Add a user
///
/// The name is what makes this happen once: it can't be taken twice. So an `Idempotency-Key` is refused.
#[utoipa::path(post, path = "/api/v1/users", tag = "Users", request_body = NewUserInput, responses(
    (status = 201, description = "Added", body = LoginView, headers(("Location" = String, description = "Their address"))),
    (status = 400, description = "There is an `Idempotency-Key`: the name is the key"),
    (status = 422, description = "A field is not right, or the name is taken"),
    (status = 503, description = "Too many passwords are being set; `Retry-After` says when to come back"),
))]
pub(super) async fn add_user(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(input): InBody<NewUserInput>,
) -> Result<Response, ApiError> {
    refuse_idempotency_key(&headers)?;
    let (username, password) = input.parse()?;
    let AddedUser { id, login } = admin::add_user(&services, &caller.author, &username, password).await?;
    let location = [(LOCATION, format!("/api/v1/users/{id}"))];
    Ok((StatusCode::CREATED, location, Json(login_view(id, login))).into_response())
}

/// Show a user
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "Users",
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 404, description = "There is no such user"),
    ),
)]
pub(super) async fn show_user(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<UserView>, ApiError> {
    find(&services, UserId::new(id)).await.map(view).map(Json)
}

/// Enable or disable a user
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "Users", request_body = UserChange,
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The user as they are now", body = UserView),
        (status = 404, description = "There is no such user"),
        (status = 422, description = "A field is not right, or nobody could sign in any more"),
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
    find(&services, id).await.map(view).map(Json)
}

/// Set a new password
///
/// The user is signed out everywhere. Their own password people change on their profile.
#[utoipa::path(post, path = "/api/v1/users/{id}/reset_password", tag = "Users", request_body = PasswordInput,
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The user, and the password if it was made", body = LoginView),
        (status = 404, description = "There is no such user"),
        (status = 422, description = "The password is too short or too long, or one's own"),
        (status = 503, description = "Too many passwords are being set; `Retry-After` says when to come back"),
    ),
)]
pub(super) async fn reset_password(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<PasswordInput>,
) -> Result<Json<LoginView>, ApiError> {
    let password = parse_password(input.password).map_err(|errors| refuse(&errors))?;
    let id = UserId::new(id);
    let login = admin::reset_password(&services, &caller.author, id, password).await?;
    Ok(Json(login_view(id, login)))
}

/// Who is as asked for already stays so, also if somebody else has just made them so.
async fn set_enabled(services: &Services, author: &Author, id: UserId, enabled: bool) -> Result<(), ApiError> {
    if find(services, id).await?.is_enabled == enabled {
        return Ok(());
    }
    match admin::set_user_enabled(&services.engine, author, id, enabled).await {
        Err(AdminError::ChangedMeanwhile) if find(services, id).await?.is_enabled == enabled => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

async fn find(services: &Services, id: UserId) -> Result<UserSummary, ApiError> {
    let users = admin::list_users(&services.engine).await?;
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

fn view(user: UserSummary) -> UserView {
    UserView {
        id: user.id.get(),
        username: user.username,
        enabled: user.is_enabled,
        created_at: Moment(user.created_at),
        last_signed_in_at: user.last_signed_in_at.map(Moment),
        sessions: user.sessions,
    }
}

fn login_view(id: UserId, login: NewLogin) -> LoginView {
    LoginView {
        id: id.get(),
        username: login.username,
        password: login.generated_password,
    }
}
