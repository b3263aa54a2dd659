using System.ComponentModel.DataAnnotations;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Administration;

/// <summary>An account as administrators see it.</summary>
/// <param name="Role">What the person may do on the platform.</param>
/// <param name="IsActive">Whether the person may sign in.</param>
/// <param name="MustChangePassword">Whether the person has a one-time password and has to change it at the next sign-in.</param>
/// <param name="OrganizationId">Organization that the person belongs to; null when the person belongs to none.</param>
public sealed record AccountAnswer(
    Guid Id, string Email, string? FullName, SystemRole Role, bool IsActive, bool MustChangePassword, Guid? OrganizationId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static AccountAnswer Of(User user) =>
        new(user.Id, user.Email, user.FullName, user.Role, user.IsActive, user.MustChangePassword, user.OrganizationId, user.CreatedAt, user.UpdatedAt);
}

/// <summary>Name and e-mail address of an account. The request replaces both.</summary>
/// <param name="Email">E-mail address; the name to sign in with.</param>
/// <param name="FullName">Name of the person; null for no name.</param>
public sealed record AccountRequest([property: StringLength(320)] string Email, [property: Name(200)] string? FullName);

/// <summary>System role of an account.</summary>
/// <param name="Role">New role.</param>
public sealed record AccountRole(SystemRole Role);
