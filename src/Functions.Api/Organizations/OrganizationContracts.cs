using System.ComponentModel.DataAnnotations;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Api.Organizations;

/// <summary>Data of an organization. An update replaces all of it. Leave a limit out for no limit.</summary>
/// <param name="Name">Name of the organization, unique regardless of case.</param>
/// <param name="Company">Company that it belongs to.</param>
/// <param name="Division">Division of the company.</param>
/// <param name="MaxUsers">How many people may belong to it or be invited.</param>
/// <param name="MaxStorageGb">Size of all images of its people, in GB of 10⁹ bytes.</param>
/// <param name="MaxGpuHoursPerMonth">Hours of training of all its people in a calendar month (UTC).</param>
/// <param name="MaxConcurrentJobs">Training jobs and predictions of all its people that may be queued or running at the same time.</param>
public sealed record OrganizationRequest(
    [property: Name(OrganizationLimits.Name)] string Name,
    [property: Name(OrganizationLimits.Company)] string? Company = null,
    [property: Name(OrganizationLimits.Division)] string? Division = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxUsers = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxStorageGb = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxGpuHoursPerMonth = null,
    [property: Range(0, OrganizationLimits.Quota)] int? MaxConcurrentJobs = null)
{
    internal OrganizationText AsText() => new(Name, Company, Division, MaxUsers, MaxStorageGb, MaxGpuHoursPerMonth, MaxConcurrentJobs);
}

/// <summary>An organization. A limit of null means no limit.</summary>
/// <param name="Name">Name of the organization, unique regardless of case.</param>
/// <param name="Company">Company that it belongs to; null when none was given.</param>
/// <param name="Division">Division of the company; null when none was given.</param>
/// <param name="MaxUsers">How many people may belong to it or be invited.</param>
/// <param name="MaxStorageGb">Size of all images of its people, in GB of 10⁹ bytes.</param>
/// <param name="MaxGpuHoursPerMonth">Hours of training of all its people in a calendar month (UTC).</param>
/// <param name="MaxConcurrentJobs">Training jobs and predictions of all its people that may be queued or running at the same time.</param>
public sealed record OrganizationAnswer(
    Guid Id, string Name, string? Company, string? Division, int? MaxUsers, int? MaxStorageGb, int? MaxGpuHoursPerMonth, int? MaxConcurrentJobs, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static OrganizationAnswer Of(Organization o) =>
        new(o.Id, o.Name, o.Company, o.Division, o.MaxUsers, o.MaxStorageGb, o.MaxGpuHoursPerMonth, o.MaxConcurrentJobs, o.CreatedAt, o.UpdatedAt);
}

/// <summary>A person who belongs to an organization.</summary>
/// <param name="Id">Id of the account.</param>
/// <param name="Role">What the person may do on the platform.</param>
/// <param name="IsActive">Whether the person may sign in.</param>
public sealed record OrganizationMemberAnswer(Guid Id, string Email, string? FullName, SystemRole Role, bool IsActive)
{
    public static OrganizationMemberAnswer Of(User user) => new(user.Id, user.Email, user.FullName, user.Role, user.IsActive);
}

/// <summary>What an organization uses of its limits.</summary>
/// <param name="Limits">One entry for each limit.</param>
/// <param name="People">Number of people by system role.</param>
public sealed record OrganizationUsageAnswer(IReadOnlyList<QuotaUse> Limits, IReadOnlyDictionary<string, int> People);

/// <summary>What an account uses of its limits.</summary>
/// <param name="Limits">One entry for each limit.</param>
public sealed record AccountUsageAnswer(IReadOnlyList<QuotaUse> Limits);
