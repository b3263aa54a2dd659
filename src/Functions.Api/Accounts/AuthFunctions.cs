using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>Signing in and out of nothing but one's own account.</summary>
public sealed class AuthFunctions(SignIn signIn)
{
    [Function("Login"), AllowAnonymousAccess]
    [Operation("Sign in with e-mail and password.", Body = typeof(LoginRequest), Returns = typeof(SessionAnswer), Problems = ["INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"])]
    public async Task<IResult> Login(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/login")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<LoginRequest>(cancellation);
        return TypedResults.Ok(SessionAnswer.Of(await signIn.WithPasswordAsync(body.Email, body.Password, cancellation)));
    }

    [Function("RefreshSession"), AllowAnonymousAccess, RateLimit(RateLimit.General)]
    [Operation("Trade a refresh token, once, for a new session.", Body = typeof(RefreshRequest), Returns = typeof(SessionAnswer), Problems = ["INVALID_REFRESH_TOKEN"])]
    public async Task<IResult> Refresh(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/refresh")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<RefreshRequest>(cancellation);
        return TypedResults.Ok(SessionAnswer.Of(await signIn.WithRefreshTokenAsync(body.RefreshToken, cancellation)));
    }

    [Function("GetOwnAccount"), RequiresPermission(Permission.AccountSelf)]
    [Operation("Who is signed in.", Returns = typeof(UserAnswer))]
    public static IResult Me([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/auth/me")] HttpRequest request)
    {
        var user = request.CurrentUser();
        return TypedResults.Ok(new UserAnswer(user.Id, user.Email, user.FullName, user.Role));
    }

    [Function("ChangeOwnPassword"), RequiresPermission(Permission.AccountSelf)]
    [Operation("Change one's password; every other session ends.", Body = typeof(ChangePasswordRequest), Returns = typeof(SessionAnswer), Problems = ["WEAK_PASSWORD", "TOO_MANY_ATTEMPTS"])]
    public async Task<IResult> ChangePassword(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/auth/password")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ChangePasswordRequest>(cancellation);
        var session = await signIn.ChangePasswordAsync(request.CurrentUser().Id, body.CurrentPassword, body.NewPassword, cancellation);
        return TypedResults.Ok(SessionAnswer.Of(session));
    }
}
