using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Accounts;

/// <summary>Tokens for scripts and continuous integration.</summary>
public sealed class PersonalTokenFunctions(PersonalTokens tokens, UserDatabase database, AuditLog audit, TimeProvider time)
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
        await using var creation = await request.BeginCreationAsync(database, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        var (row, token) = await tokens.CreateAsync(request.CurrentUser().Id, body.Name, body.Scopes, body.ExpiresInDays, cancellation);
        await audit.AppendAsync(new AuditEvent("personal_token.create")
        {
            SubjectType = "personal_token", SubjectId = row.Id.ToString(), SubjectName = row.Name,
            Details = new Dictionary<string, object?> { ["scopes"] = row.Scopes, ["expiresAt"] = row.ExpiresAt },
        }, cancellation);
        return await creation.CommitAsync(
            Answer.Created($"/api/v1/auth/tokens/{row.Id}", new NewPersonalTokenAnswer(row.Id, row.Name, row.Scopes, row.CreatedAt, row.ExpiresAt, token)), cancellation);
    }

    [Function("ListPersonalTokens"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("List personal tokens", Returns = typeof(Page<PersonalTokenAnswer>),
        Description = "Valid personal tokens of the caller, newest first, without their secret text.")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/auth/tokens")] HttpRequest request, CancellationToken cancellation) =>
        TypedResults.Ok(await tokens.Of(request.CurrentUser().Id).NewestFirstAsync(request, PersonalTokenAnswer.Of, cancellation));

    [Function("RevokePersonalToken"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("Revoke a personal token", Status = 204,
        Description = "The token stops working at once.")]
    public async Task<IResult> Revoke(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/auth/tokens/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        if (!await tokens.RevokeAsync(request.CurrentUser().Id, id, cancellation))
            throw new ProblemException(ErrorCodes.NotFound, "You have no such token.");
        await audit.AppendAsync(new AuditEvent("personal_token.revoke") { SubjectType = "personal_token", SubjectId = id.ToString() }, cancellation);
        return TypedResults.NoContent();
    }
}

/// <summary>What may be in a list of scopes.</summary>
internal static class TokenScopeRules
{
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/> naming each that is none.</exception>
    public static void RequireKnown(IReadOnlyList<string> scopes, IReadOnlyList<string> known)
    {
        var errors = new FieldErrors();
        for (var i = 0; i < scopes.Count; i++)
            if (!known.Contains(scopes[i]))
                errors.Add($"scopes[{i}]", $"Must be one of {string.Join(", ", known)}.");
        errors.ThrowIfAny();
    }
}
