using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>Short-lived tokens with which services call each other.</summary>
public sealed class ServiceTokenFunctions(ServiceTokenIssue issue, Authentication authentication)
{
    [Function("CreateServiceToken"), AllowAnonymousAccess("The function checks the secret of a service or the access token of a person."), RateLimit(RateLimit.General)]
    [Operation("Issue a service token", Body = typeof(ServiceTokenRequest),
        Example = """{"audience":"labeling","scopes":["labeling:read"]}""", Returns = typeof(ServiceTokenAnswer), Security = ["", ApiDocument.AccessToken], Problems = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "INVALID_CLIENT", "FORBIDDEN", "NOT_FOUND"],
        Description = "Issues a token that is valid for five minutes and with which one service calls another on behalf of a person. A person requests it with an access token, a service with its client id and secret.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/service-token")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ServiceTokenRequest>(cancellation);
        TokenScopeRules.RequireKnown(body.Scopes, TokenScopes.ForServices);
        var audience = body.Audience == ServiceAudience.Labeling ? AppModule.Labeling : AppModule.Platform;
        var scopes = new TokenScopes(body.Scopes);
        var token = body.ClientId is null
            ? await ForCallerAsync(request, audience, scopes, cancellation)
            : await issue.ForServiceAsync(
                body.ClientId, body.ClientSecret ?? "", body.UserId ?? throw new ProblemException(ErrorCodes.ValidationFailed, "Required with clientId.", "userId"), audience, scopes, cancellation);
        return Answer.Ok(new ServiceTokenAnswer(token, "Bearer", (int)ServiceTokens.Lifetime.TotalSeconds, body.Audience, scopes.Names));
    }

    private async Task<string> ForCallerAsync(HttpRequest request, AppModule audience, TokenScopes scopes, CancellationToken cancellation)
    {
        var user = await authentication.RequireUserAsync(request, cancellation, AppModule.Accounts);
        Authentication.RequirePermission(user, Permission.AccountSelf);
        if (user.MustChangePassword)
            throw new ProblemException(ErrorCodes.PasswordChangeRequired);
        // Otherwise a service token could be extended forever.
        if (user.Proof == CallerProof.Service)
            throw new ProblemException(ErrorCodes.Forbidden, "A service token cannot be used to get another.");
        request.HttpContext.SetCurrentUser(user);
        return await issue.ForCallerAsync(user.Id, user.Scopes, audience, scopes, cancellation);
    }
}
