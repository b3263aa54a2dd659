using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Administration;

/// <summary>An account as administrators see it.</summary>
public sealed record AccountAnswer(
    Guid Id, string Email, string? FullName, SystemRole Role, bool IsActive, bool MustChangePassword, Guid? OrganizationId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static AccountAnswer Of(User user) =>
        new(user.Id, user.Email, user.FullName, user.Role, user.IsActive, user.MustChangePassword, user.OrganizationId, user.CreatedAt, user.UpdatedAt);
}

/// <summary>What an account is to be called and reached by; a PUT replaces both.</summary>
public sealed record AccountRequest([property: StringLength(320)] string Email, [property: Name(200)] string? FullName);

/// <summary>The system role that an account is to have.</summary>
public sealed record AccountRole(SystemRole Role);
