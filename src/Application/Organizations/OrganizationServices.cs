using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Organizations;

public static class OrganizationServices
{
    /// <summary>Registers the limits of accounts and organizations. Needs the persistence services.</summary>
    public static IServiceCollection AddOrganizations(this IServiceCollection services) => services.AddScoped<Quotas>().AddScoped<ProjectOwnership>();
}
