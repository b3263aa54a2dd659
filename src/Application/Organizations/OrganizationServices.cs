using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Organizations;

public static class OrganizationServices
{
    /// <summary>Registers the use cases of organizations and the limits of accounts and organizations. Needs the persistence services and the audit log.</summary>
    public static IServiceCollection AddOrganizations(this IServiceCollection services) => services
        .AddScoped<Quotas>().AddScoped<ProjectOwnership>().AddScoped<OrganizationLifecycle>().AddScoped<OrganizationMembership>();
}
