using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>Signing in, refreshing and ending sessions.</summary>
public sealed class AuthFunctions(SignIn signIn, UserSessions sessions)
{
    [Function("Login"), AllowAnonymousAccess]
    [Operation("Sign in", Body = typeof(LoginRequest), Example = $$"""{"email":"{{Examples.Email}}","password":"{{Examples.Password}}"}""", Returns = typeof(SessionAnswer), Problems = ["INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"],
        Description = "Starts a session with e-mail address and password. After several failed attempts, further ones are refused for a while.")]
    public async Task<IResult> Login(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/login")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<LoginRequest>(cancellation);
        return Answer.Ok(SessionAnswer.Of(await signIn.WithPasswordAsync(body.Email, body.Password, request.Origin(), cancellation)));
    }

    [Function("RefreshSession"), AllowAnonymousAccess, RateLimit(RateLimit.General)]
    [Operation("Refresh a session", Body = typeof(RefreshRequest), Example = $$"""{"refreshToken":"{{Examples.RefreshToken}}"}""", Returns = typeof(SessionAnswer), Problems = ["INVALID_REFRESH_TOKEN"],
        Description = "Exchanges a refresh token for a new access token and a new refresh token. A refresh token works once; using it a second time ends the session. Only the same program at the same address may repeat a refresh within 30 seconds.")]
    public async Task<IResult> Refresh(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/refresh")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<RefreshRequest>(cancellation);
        return Answer.Ok(SessionAnswer.Of(await signIn.WithRefreshTokenAsync(body.RefreshToken, request.Origin(), cancellation)));
    }

    [Function("Logout"), RequiresPermission(Permission.AccountPassword)]
    [Operation("Sign out", Status = 204,
        Description = "Ends the session of this request: its access and refresh tokens stop working.")]
    public async Task<IResult> Logout(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/logout")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await sessions.SignOutAsync(user.Id, user.ProofId, cancellation);
        return Answer.NoContent();
    }

    [Function("LogoutEverywhere"), RequiresPermission(Permission.AccountPassword)]
    [Operation("Sign out everywhere", Status = 204,
        Description = "Ends all sessions of the caller, including this one. Personal tokens keep working; revoke them one by one.")]
    public async Task<IResult> LogoutEverywhere(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/logout-everywhere")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await sessions.SignOutEverywhereAsync(user.Id, user.Email, cancellation);
        return Answer.NoContent();
    }

    [Function("ListOwnSessions"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("List sessions", Returns = typeof(Page<OwnSessionAnswer>),
        Description = "Active sessions of the caller, newest first.")]
    public async Task<IResult> ListSessions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/auth/sessions")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        return Answer.Ok(await sessions.Of(user.Id).NewestFirstAsync(request, session => OwnSessionAnswer.Of(session, user.ProofId), cancellation));
    }

    [Function("EndOwnSession"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("End a session", Status = 204,
        Description = "Ends one session of the caller, for example the one on another device.")]
    public async Task<IResult> EndSession(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/auth/sessions/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await sessions.EndAsync(request.CurrentUser().Id, id, cancellation);
        return Answer.NoContent();
    }
}
