using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Accounts;

/// <summary>Personal tokens for scripts and continuous integration.</summary>
public sealed class PersonalTokenFunctions(PersonalTokens tokens)
{
    [Function("CreatePersonalToken"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("Create a personal token",
        Body = typeof(PersonalTokenRequest), Example = """{"name":"nightly training","scopes":["read","training:run"],"expiresInDays":30}""", Returns = typeof(NewPersonalTokenAnswer), Status = 201, Problems = ["QUOTA_EXCEEDED"],
        Description = "Creates a token for scripts. It never has more rights than its owner, and it cannot change the password, sessions, tokens or e-mail address of the account. An account can have at most 50 tokens.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/tokens")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<PersonalTokenRequest>(cancellation);
        TokenScopeRules.RequireKnown(body.Scopes, TokenScopes.All);
        var once = request.Once<NewPersonalToken>(made => Answer.Created($"/api/v1/auth/tokens/{made.Row.Id}", NewPersonalTokenAnswer.Of(made)));
        return (await tokens.CreateAsync(request.CurrentUser().Id, body.Name, body.Scopes, body.ExpiresInDays, once, cancellation)).ToResult();
    }

    [Function("ListPersonalTokens"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("List personal tokens", Returns = typeof(Page<PersonalTokenAnswer>),
        Description = "Valid personal tokens of the caller, newest first, without their secret text.")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/auth/tokens")] HttpRequest request, CancellationToken cancellation) =>
        Answer.Ok(await tokens.Of(request.CurrentUser().Id).NewestFirstAsync(request, PersonalTokenAnswer.Of, cancellation));

    [Function("RevokePersonalToken"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("Revoke a personal token", Status = 204,
        Description = "The token stops working at once.")]
    public async Task<IResult> Revoke(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/auth/tokens/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await tokens.RevokeAsync(request.CurrentUser().Id, id, cancellation);
        return Answer.NoContent();
    }
}

/// <summary>Checks the scopes of a request.</summary>
internal static class TokenScopeRules
{
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/> with a message for each unknown scope.</exception>
    public static void RequireKnown(IReadOnlyList<string> scopes, IReadOnlyList<string> known)
    {
        var errors = new FieldErrors();
        for (var i = 0; i < scopes.Count; i++)
            if (!known.Contains(scopes[i]))
                errors.Add($"scopes[{i}]", $"Must be one of {string.Join(", ", known)}.");
        errors.ThrowIfAny();
    }
}
