using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Http.Access;

/// <summary>The account that is calling, as read from the user database for this request.</summary>
public sealed record CurrentUser(Guid Id, string Email, string? FullName, SystemRole Role, bool MustChangePassword)
{
    /// <summary>The chosen color of the avatar; null for none.</summary>
    public string? BadgeColor { get; init; }

    /// <summary>The organization of the account; null for none.</summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>How the caller was authenticated.</summary>
    public CallerProof Proof { get; init; }

    /// <summary>Id of the session or personal token.</summary>
    public Guid ProofId { get; init; }

    /// <summary>Scopes of the token; null for a session.</summary>
    public TokenScopes? Scopes { get; init; }

    /// <summary>The service that acts for the person; null when the person acts directly.</summary>
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
        context.Items[UserKey] as CurrentUser ?? throw new InvalidOperationException("Nobody is signed in: the function does not require a permission.");

    /// <summary>The signed-in person; null before authentication and for anonymous callers.</summary>
    internal static CurrentUser? FindCurrentUser(this HttpContext context) => context.Items[UserKey] as CurrentUser;

    /// <summary>The attempt whose trainer is calling.</summary>
    /// <exception cref="InvalidOperationException">The function does not declare <see cref="TrainerAccessAttribute"/>.</exception>
    public static Guid CurrentAttempt(this HttpRequest request) =>
        request.HttpContext.Items[AttemptKey] as Guid? ?? throw new InvalidOperationException("No trainer is calling: the function does not require one.");

    internal static void SetCurrentUser(this HttpContext context, CurrentUser user) => context.Items[UserKey] = user;

    internal static void SetCurrentAttempt(this HttpContext context, Guid attempt) => context.Items[AttemptKey] = attempt;
}
