using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>Service that a token is for.</summary>
public enum ServiceAudience
{
    /// <summary>Projects, datasets, training and models.</summary>
    Platform,

    /// <summary>The labeling application.</summary>
    Labeling,
}

/// <summary>A service token to issue.</summary>
/// <param name="Audience">Service that is going to be called.</param>
/// <param name="Scopes">What the token may do: names of permissions, or <c>read</c> and <c>write</c>. Permissions that only managers and administrators hold are not possible.</param>
/// <param name="ClientId">Name of the service, when a service asks with its own secret: <c>labeler</c>. A person leaves it out and sends an access token.</param>
/// <param name="ClientSecret">Secret of the service.</param>
/// <param name="UserId">Account in whose name the service wants to act; required with <c>clientId</c>.</param>
public sealed record ServiceTokenRequest(
    ServiceAudience Audience, [property: MinLength(1), MaxLength(50)] IReadOnlyList<string> Scopes,
    [property: StringLength(100)] string? ClientId = null, [property: StringLength(512)] string? ClientSecret = null, Guid? UserId = null);

/// <summary>A token with which one service calls another in the name of a person.</summary>
/// <param name="AccessToken">Token for the <c>Authorization</c> header.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds until the token expires.</param>
/// <param name="Audience">Service that the token is for.</param>
/// <param name="Scopes">What the token may do.</param>
public sealed record ServiceTokenAnswer(string AccessToken, string TokenType, int ExpiresIn, ServiceAudience Audience, IReadOnlyList<string> Scopes);

/// <summary>Short-lived tokens between services.</summary>
public sealed class ServiceTokenFunctions(ServiceTokenIssue issue, Authentication authentication)
{
    [Function("CreateServiceToken"), AllowAnonymousAccess("A service shows its secret, a person an access token; both are checked here."), RateLimit(RateLimit.General)]
    [Operation("Issue a service token", Body = typeof(ServiceTokenRequest),
        Example = """{"audience":"labeling","scopes":["labeling:read"]}""", Returns = typeof(ServiceTokenAnswer), Security = ["", ApiDocument.AccessToken], Problems = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "INVALID_CLIENT", "FORBIDDEN", "NOT_FOUND"],
        Description = "Issues a token that is valid for five minutes and with which one service calls another in the name of a person. A person asks with an access token, a service with its client id and secret.")]
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
                body.ClientId, body.ClientSecret ?? "", body.UserId ?? throw new ProblemException(ErrorCodes.ValidationFailed, "Say in whose name.", "userId"), audience, scopes, cancellation);
        return Answer.Ok(new ServiceTokenAnswer(token, "Bearer", (int)ServiceTokens.Lifetime.TotalSeconds, body.Audience, scopes.Names));
    }

    private async Task<string> ForCallerAsync(HttpRequest request, AppModule audience, TokenScopes scopes, CancellationToken cancellation)
    {
        var user = await authentication.RequireUserAsync(request, cancellation, AppModule.Accounts);
        Authentication.RequirePermission(user, Permission.AccountSelf);
        if (user.MustChangePassword)
            throw new ProblemException(ErrorCodes.PasswordChangeRequired);
        // Or five minutes would never end.
        if (user.Proof == CallerProof.Service)
            throw new ProblemException(ErrorCodes.Forbidden, "A service token cannot be used to get another.");
        request.HttpContext.SetCurrentUser(user);
        return await issue.ForCallerAsync(user.Id, user.Scopes, audience, scopes, cancellation);
    }
}
