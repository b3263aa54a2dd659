using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Projects;

public static class ProjectServices
{
    /// <summary>Registers the use cases of projects. Needs the quotas of organizations and the audit log.</summary>
    public static IServiceCollection AddProjects(this IServiceCollection services) =>
        services.AddScoped<EndedTargets>().AddScoped<ProjectLifecycle>().AddScoped<ProjectMembership>();
}
