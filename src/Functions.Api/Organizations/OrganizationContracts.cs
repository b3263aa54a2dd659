using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Api.Organizations;

/// <summary>What an organization is to be; a PUT replaces all. Limits left out are no limits.</summary>
/// <param name="Name">Unique, ignoring case.</param>
/// <param name="Company">Its company.</param>
/// <param name="Division">Its division.</param>
/// <param name="MaxUsers">People who belong to it or are invited.</param>
/// <param name="MaxStorageGb">Images of its people, in GB of 10⁹ bytes.</param>
/// <param name="MaxGpuHoursPerMonth">Hours of training in a calendar month (UTC).</param>
/// <param name="MaxConcurrentJobs">Training jobs that are queued or run.</param>
public sealed record OrganizationRequest(
    [property: Name(OrganizationLimits.Name)] string Name,
    [property: Name(OrganizationLimits.Company)] string? Company = null,
    [property: Name(OrganizationLimits.Division)] string? Division = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxUsers = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxStorageGb = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxGpuHoursPerMonth = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxConcurrentJobs = null);

/// <summary>An organization as the API shows it; a limit that is null is none.</summary>
public sealed record OrganizationAnswer(
    Guid Id, string Name, string? Company, string? Division, int? MaxUsers, int? MaxStorageGb, int? MaxGpuHoursPerMonth, int? MaxConcurrentJobs, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static OrganizationAnswer Of(Organization o) =>
        new(o.Id, o.Name, o.Company, o.Division, o.MaxUsers, o.MaxStorageGb, o.MaxGpuHoursPerMonth, o.MaxConcurrentJobs, o.CreatedAt, o.UpdatedAt);
}

/// <summary>Somebody who belongs to an organization.</summary>
public sealed record OrganizationMemberAnswer(Guid Id, string Email, string? FullName, SystemRole Role, bool IsActive)
{
    public static OrganizationMemberAnswer Of(User user) => new(user.Id, user.Email, user.FullName, user.Role, user.IsActive);
}

/// <summary>What is used of the limits there are.</summary>
/// <param name="Limits">A line for each kind.</param>
/// <param name="People">How many people there are with each system role.</param>
public sealed record OrganizationUsageAnswer(IReadOnlyList<QuotaUse> Limits, IReadOnlyDictionary<string, int> People);

/// <summary>What is used of an account's limits.</summary>
/// <param name="Limits">A line for each kind.</param>
public sealed record AccountUsageAnswer(IReadOnlyList<QuotaUse> Limits);
