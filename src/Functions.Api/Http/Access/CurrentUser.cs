using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Http.Access;

/// <summary>Who is calling, as the user database has it at this moment.</summary>
public sealed record CurrentUser(Guid Id, string Email, string? FullName, SystemRole Role, bool MustChangePassword)
{
    /// <summary>The colour they chose; null when none.</summary>
    public string? BadgeColor { get; init; }

    /// <summary>The organization they belong to; null when none.</summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>How they proved who they are.</summary>
    public CallerProof Proof { get; init; }

    /// <summary>The id of the session or personal token.</summary>
    public Guid ProofId { get; init; }

    /// <summary>What the token is limited to; null for a session, which is not.</summary>
    public TokenScopes? Scopes { get; init; }

    /// <summary>The service that acts in their name; null when they act themselves.</summary>
    public string? Service { get; init; }
}

public static class CallerExtensions
{
    private static readonly object UserKey = new();
    private static readonly object AttemptKey = new();

    /// <summary>The signed-in person.</summary>
    /// <exception cref="InvalidOperationException">The function does not declare <see cref="RequiresPermissionAttribute"/>.</exception>
    public static CurrentUser CurrentUser(this HttpRequest request) => request.HttpContext.CurrentUser();

    /// <inheritdoc cref="CurrentUser(HttpRequest)"/>
    public static CurrentUser CurrentUser(this HttpContext context) =>
        context.Items[UserKey] as CurrentUser ?? throw new InvalidOperationException("Nobody is signed in: the function asks for no permission.");

    /// <summary>The signed-in person; null when nobody is, or not yet.</summary>
    internal static CurrentUser? FindCurrentUser(this HttpContext context) => context.Items[UserKey] as CurrentUser;

    /// <summary>The attempt whose trainer is calling.</summary>
    /// <exception cref="InvalidOperationException">The function does not declare <see cref="TrainerAccessAttribute"/>.</exception>
    public static Guid CurrentAttempt(this HttpRequest request) =>
        request.HttpContext.Items[AttemptKey] as Guid? ?? throw new InvalidOperationException("No trainer is calling: the function does not ask for one.");

    internal static void SetCurrentUser(this HttpContext context, CurrentUser user) => context.Items[UserKey] = user;

    internal static void SetCurrentAttempt(this HttpContext context, Guid attempt) => context.Items[AttemptKey] = attempt;
}
